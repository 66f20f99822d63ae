import {
  bridges,
  databaseVcpus,
  EVENTS_PER_BRIDGE,
  MAX_DATABASE_VCPUS,
  MAX_REDIS_GIB,
  redisGiB,
  serverRequestsPerSecond,
} from './sizing.ts';
import { bytesPerRun, runsPerDay } from './warehouse.ts';
import type { Workload } from './workload.ts';

/** Beyond it the fee of requests alone is more than an instance costs. */
const REQUESTS_WORTH_AN_INSTANCE = 50;

/** What a workload runs into: what no money mends, and what the model assumes away. Empty where nothing does. */
export function limits(workload: Workload): string[] {
  const found: string[] = [];
  const runs = runsPerDay(workload);
  if (runs < 24 * workload.chainRunsPerHour) {
    const gib = Math.round(bytesPerRun(workload) / 2 ** 30).toLocaleString('en');
    found.push(
      `The day's budget of BigQuery bytes (DAILY_BYTES_BUDGET) pays for ${runs < 1 ? runs.toFixed(2) : Math.floor(runs)} runs of the marts a day: they are made anew from all history, ${gib} GiB a run after ${workload.historyDays} days, ` +
        'and a query above MAX_BYTES_BILLED is refused. Windowed features are not concerned.',
    );
  }
  if (bridges(workload) > 1)
    found.push(
      `One reader of a replication slot takes about ${EVENTS_PER_BRIDGE.toLocaleString('en')} changes a second: the tables have to be split over ${bridges(workload)} bridges, each with a slot and publication of its own, which Terraform does not do by itself.`,
    );
  const requests = serverRequestsPerSecond(workload);
  if (workload.serverBilling === 'requests' && requests > REQUESTS_WORTH_AN_INSTANCE)
    found.push(
      `feast-server takes ${Math.round(requests).toLocaleString('en')} requests a second, rows that Pub/Sub pushes included: billed by instance (cpu_always in terraform/deployables.yaml, --server-billing instances here) requests cost nothing.`,
    );
  if (databaseVcpus(workload) > MAX_DATABASE_VCPUS)
    found.push(`One Cloud SQL instance has at most ${MAX_DATABASE_VCPUS} vCPU.`);
  if (redisGiB(workload) > MAX_REDIS_GIB)
    found.push(`One Memorystore instance has at most ${MAX_REDIS_GIB} GiB: a cluster (REDIS_CLUSTER=true) is needed.`);
  return found;
}
