import { functionRequests } from './chain.ts';
import { type Line, lines } from './line.ts';
import type { PriceList } from './price.ts';
import { bridges, servers, workers } from './sizing.ts';
import { GIB, HOURS_PER_MONTH, SECONDS_PER_MONTH } from './units.ts';
import type { Workload } from './workload.ts';

/** Lines of log: Cloud Run writes one for each request to a function, ours adds about one. Assumption. */
const LOG_BYTES_PER_REQUEST = 2_000;
const LOG_GIB_PER_INSTANCE = 1;
/** Free each month, for each project. */
const FREE_LOG_GIB = 50;
/** Time series that one process has, and how often it says them (platform/src/metrics: once a minute). Assumption of the number. */
const SERIES_PER_INSTANCE = 60;
const SERIES_OF_FUNCTIONS = 400;

export function observability(workload: Workload, list: PriceList): Line[] {
  const line = lines('Logging and Monitoring', list);
  const instances = bridges(workload) + servers(workload) + workers(workload);
  const logs = (functionRequests(workload) * LOG_BYTES_PER_REQUEST) / GIB + instances * LOG_GIB_PER_INSTANCE;
  const samples = (instances * SERIES_PER_INSTANCE + SERIES_OF_FUNCTIONS) * HOURS_PER_MONTH * 60;
  return [
    line('logs', logs, 'logs', { free: FREE_LOG_GIB }),
    line('samples of metrics', samples / 1e6, 'metricSamples'),
  ];
}

/** WAL of a change, from the database to the bridge. Assumption. */
const WAL_BYTES_PER_EVENT = 600;
/** An answer of ten features, and the rows written. Assumption. */
const REDIS_BYTES_PER_READ = 1_000;

/** Between zones of the region: half of what goes through the VPC. Within a region Google's services cost no transfer; nothing here leaves the region. */
export function network(workload: Workload, list: PriceList): Line[] {
  const line = lines('network', list);
  const { eventsPerSecond, featureRowsPerEvent, featureRowBytes, readsPerSecond } = workload;
  const perSecond =
    eventsPerSecond * (WAL_BYTES_PER_EVENT + featureRowsPerEvent * featureRowBytes) +
    readsPerSecond * REDIS_BYTES_PER_READ;
  return [line('between zones', (perSecond * SECONDS_PER_MONTH) / 2 / GIB, 'zoneTransfer')];
}

/** One job of Cloud Scheduler; PII keys, database password and webhooks; images of two versions. */
const SECRET_VERSIONS = 6;
const IMAGES_GIB = 12;

export function rest(_workload: Workload, list: PriceList): Line[] {
  const line = lines('the rest', list);
  return [
    line('the sweep of Cloud Scheduler', 1, 'schedulerJob'),
    line('secrets', SECRET_VERSIONS, 'secretVersion'),
    line('images', IMAGES_GIB, 'imageStorage'),
  ];
}
