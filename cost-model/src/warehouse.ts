import { type Line, lines } from './line.ts';
import type { PriceList } from './price.ts';
import { DAYS_PER_MONTH, GIB, TIB } from './units.ts';
import type { Workload } from './workload.ts';

/** Free each month, for the whole billing account. */
const FREE_STORAGE_GIB = 10;
const FREE_QUERY_TIB = 1;
/** Marts are small beside the change log. Assumption: a mart's row is as large as what is online of it. */
const MARTS_SHARE = 1;

/** What one round of transform, gate and materialize reads. Marts are made anew from the whole change log on each run, so it grows with history. */
export function bytesPerRun(workload: Workload): number {
  return stagingBytes(workload) * workload.scannedShare;
}

/** Logical bytes of `staging` after `historyDays`. */
export function stagingBytes({ eventsPerSecond, historyDays, warehouseBytesPerEvent }: Workload): number {
  return eventsPerSecond * 86_400 * historyDays * warehouseBytesPerEvent;
}

/** Runs of a day: as many as there is time for, and as the day's budget of bytes pays. Below one, marts are not made every day. */
export function runsPerDay(workload: Workload): number {
  return Math.min(24 * workload.chainRunsPerHour, workload.dailyBytesBudget / bytesPerRun(workload));
}

/** Tables and queries. Load jobs are free, so are exports and the reading of metadata. */
export function warehouse(workload: Workload, list: PriceList): Line[] {
  const line = lines('BigQuery', list);
  const marts = workload.entities * workload.onlineBytesPerEntity * MARTS_SHARE;
  const scanned = runsPerDay(workload) * bytesPerRun(workload) * DAYS_PER_MONTH;
  return [
    line('staging and marts', (stagingBytes(workload) + marts) / GIB, 'warehouseStorage', { free: FREE_STORAGE_GIB }),
    line('queries', scanned / TIB, 'warehouseQueries', { free: FREE_QUERY_TIB }),
    line('load jobs', 0, 'warehouseQueries'),
  ];
}
