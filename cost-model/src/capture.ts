import { type Line, lines } from './line.ts';
import type { PriceList } from './price.ts';
import { bridges, databaseVcpus, INSTANCES } from './sizing.ts';
import { HOURS_PER_MONTH, SECONDS_PER_MONTH, TIB } from './units.ts';
import type { Workload } from './workload.ts';

/** Cloud SQL's standard shape. */
const DATABASE_GIB_PER_VCPU = 3.75;
/** The tables of `entities` with their orders, and the WAL that a stopped reader keeps. Assumption. */
const DATABASE_BASE_GIB = 20;
const DATABASE_GIB_PER_EVENT_A_SECOND = 0.02;

/** Both machines of a regional instance, their disks and a backup. */
export function database(workload: Workload, list: PriceList): Line[] {
  if (!workload.withDatabase) return [];
  const line = lines('Cloud SQL', list);
  const vcpus = databaseVcpus(workload);
  const gib = DATABASE_BASE_GIB + workload.eventsPerSecond * DATABASE_GIB_PER_EVENT_A_SECOND;
  return [
    line('vCPU of primary and standby', 2 * vcpus * HOURS_PER_MONTH, 'databaseVcpu'),
    line('memory of both', 2 * vcpus * DATABASE_GIB_PER_VCPU * HOURS_PER_MONTH, 'databaseMemory'),
    line('SSD of both', 2 * gib, 'databaseStorage'),
    line('backups', gib, 'databaseBackup'),
  ];
}

/** Change capture never sleeps: a replication slot without a reader fills the database's disk. */
export function bridge(workload: Workload, list: PriceList): Line[] {
  const line = lines('bridge', list);
  const seconds = bridges(workload) * SECONDS_PER_MONTH;
  return [
    line('vCPU, always on', seconds * INSTANCES['debezium-bridge'].vcpus, 'alwaysOnVcpu'),
    line('memory', seconds * INSTANCES['debezium-bridge'].memoryGiB, 'alwaysOnMemory'),
  ];
}

/** https://cloud.google.com/pubsub/pricing: each publish, push or pull request counts as 1,000 bytes at least. */
const MIN_BYTES_PER_REQUEST = 1_000;
/** Messages that meet within this time travel in one request; the most that one takes is Pub/Sub's limit. */
const REQUEST_SECONDS = 0.05;
const MAX_MESSAGES_PER_REQUEST = 1_000;
/** 10 GiB a month are free. */
const FREE_TIB = 10 / 1024;

/** Bytes that Pub/Sub bills for one message among `perSecond` like it. */
export function billedMessageBytes(bytes: number, perSecond: number): number {
  const perRequest = Math.min(MAX_MESSAGES_PER_REQUEST, Math.max(1, perSecond * REQUEST_SECONDS));
  return Math.max(bytes, MIN_BYTES_PER_REQUEST / perRequest);
}

/** Changes and feature rows, each published once and delivered once. Chain events and dead letters are too few to matter. */
export function bus(workload: Workload, list: PriceList): Line[] {
  const line = lines('Pub/Sub', list);
  const { eventsPerSecond, messageBytes, featureRowsPerEvent, featureRowBytes, featuresDelivery } = workload;
  const rowsPerSecond = eventsPerSecond * featureRowsPerEvent;
  const tib = (bytes: number, perSecond: number) => (perSecond * SECONDS_PER_MONTH * bytes) / TIB;
  const changeBytes = billedMessageBytes(messageBytes, eventsPerSecond);
  const rowBytes = billedMessageBytes(featureRowBytes, rowsPerSecond);
  // A push carries one message.
  const deliveredRowBytes = featuresDelivery === 'push' ? Math.max(featureRowBytes, MIN_BYTES_PER_REQUEST) : rowBytes;
  return [
    line('changes, in and out', 2 * tib(changeBytes, eventsPerSecond), 'busThroughput', { free: FREE_TIB }),
    line('feature rows, in and out', tib(rowBytes + deliveredRowBytes, rowsPerSecond), 'busThroughput'),
  ];
}
