import { GIB } from './units.ts';
import type { Workload } from './workload.ts';

/**
 * What one reader of a replication slot takes. Measured: 15,600 rows a second from Postgres to HTTP on two shared cores (Debezium's engine in batches);
 * two thirds of it leave room to catch up.
 */
export const EVENTS_PER_BRIDGE = 10_000;
/** Measured on Flink: 32,446 events a second on two shared cores (bench/README.md). Dataflow was not measured; a quarter of that is assumed. */
export const EVENTS_PER_DATAFLOW_VCPU = 4_000;
/** A row change, its indexes and its WAL. Assumption; ask the database that is there. */
export const ROW_CHANGES_PER_DATABASE_VCPU = 1_000;
/** An assumption below what the benchmark shows for 1 × 10 requests (bench/README.md), for requests of services with more features. */
export const READS_PER_SERVER_VCPU = 1_500;
/** https://cloud.google.com/sql/docs/postgres/instance-settings: at most 96 vCPU (Enterprise). */
export const MAX_DATABASE_VCPUS = 96;
/** https://cloud.google.com/memorystore/docs/redis/redis-tiers: at most 300 GiB an instance. */
export const MAX_REDIS_GIB = 300;

/** An n2-standard-2 of Dataflow, with the disk of Streaming Engine. https://cloud.google.com/dataflow/docs/guides/configure-worker-vm */
export const WORKER = { vcpus: 2, memoryGiB: 8, diskGiB: 30 } as const;

/** What terraform/deployables.yaml gives an instance; a test compares. */
export const INSTANCES = {
  'debezium-bridge': { vcpus: 1, memoryGiB: 1 },
  'feast-server': { vcpus: 1, memoryGiB: 0.5 },
  'load-warehouse': { vcpus: 1, memoryGiB: 1 },
  dbt: { vcpus: 2, memoryGiB: 2 },
  'great-expectations': { vcpus: 2, memoryGiB: 4 },
  feast: { vcpus: 2, memoryGiB: 2 },
} as const;

/** Cloud SQL's custom machines have one vCPU or an even number. https://cloud.google.com/sql/docs/postgres/instance-settings */
export function databaseVcpus({ eventsPerSecond }: Workload): number {
  const needed = Math.max(1, Math.ceil(eventsPerSecond / ROW_CHANGES_PER_DATABASE_VCPU));
  return needed === 1 ? 1 : 2 * Math.ceil(needed / 2);
}

export const bridges = ({ eventsPerSecond }: Workload): number =>
  Math.max(1, Math.ceil(eventsPerSecond / EVENTS_PER_BRIDGE));

export const workers = ({ eventsPerSecond }: Workload): number =>
  Math.max(1, Math.ceil(eventsPerSecond / (EVENTS_PER_DATAFLOW_VCPU * WORKER.vcpus)));

/** Each row that Pub/Sub pushes is a request as well. */
export const servers = (workload: Workload): number =>
  Math.max(1, Math.ceil(serverRequestsPerSecond(workload) / (READS_PER_SERVER_VCPU * INSTANCES['feast-server'].vcpus)));

export const serverRequestsPerSecond = ({
  readsPerSecond,
  eventsPerSecond,
  featureRowsPerEvent,
  featuresDelivery,
}: Workload): number => readsPerSecond + (featuresDelivery === 'push' ? eventsPerSecond * featureRowsPerEvent : 0);

/** Data may fill four fifths of it: Redis needs room for its replica's buffer. Whole GiB, at least one. */
export const redisGiB = ({ entities, onlineBytesPerEntity }: Workload): number =>
  Math.max(1, Math.ceil((entities * onlineBytesPerEntity) / 0.8 / GIB));
