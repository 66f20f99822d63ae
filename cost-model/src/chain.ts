import { type Line, lines } from './line.ts';
import { filesPerMonth, loadsPerMonth } from './pipeline.ts';
import type { PriceList } from './price.ts';
import { INSTANCES } from './sizing.ts';
import { DAYS_PER_MONTH, HOURS_PER_MONTH } from './units.ts';
import { runsPerDay } from './warehouse.ts';
import type { Workload } from './workload.ts';

/** Seven functions get the tick (docs/interfaces.md#event-delivery-to-functions). */
const FUNCTIONS = 7;
/** Chain events of a round and the functions that take each. */
const DELIVERIES_PER_RUN = 12;
/** An object's event ends as soon as it is on record, mostly; the holder of the lease works longer. Assumptions, in seconds. */
const SECONDS_PER_OBJECT = 0.3;
const SECONDS_PER_LOAD = 6;
const SECONDS_PER_EVENT = 1;

/** Requests to functions in a month. */
export function functionRequests(workload: Workload): number {
  const sweeps = ((HOURS_PER_MONTH * 60) / workload.sweepMinutes) * FUNCTIONS;
  return (
    filesPerMonth(workload, workload.processedFileBytesPerEvent) +
    runsPerMonth(workload) * DELIVERIES_PER_RUN +
    loadsPerMonth(workload) +
    sweeps
  );
}

const runsPerMonth = (workload: Workload): number => runsPerDay(workload) * DAYS_PER_MONTH;

export function functions(workload: Workload, list: PriceList): Line[] {
  const line = lines('functions', list);
  const objects = filesPerMonth(workload, workload.processedFileBytesPerEvent);
  const requests = functionRequests(workload);
  const seconds =
    objects * SECONDS_PER_OBJECT +
    loadsPerMonth(workload) * SECONDS_PER_LOAD +
    (requests - objects) * SECONDS_PER_EVENT;
  return [
    line('requests', requests / 1e6, 'requests'),
    line('vCPU', seconds * INSTANCES['load-warehouse'].vcpus, 'requestVcpu'),
    line('memory', seconds * INSTANCES['load-warehouse'].memoryGiB, 'requestMemory'),
  ];
}

/** Of each of dbt, the gates and materialize, start included. Assumption; on a laptop all three together take 33 s. */
const SECONDS_PER_JOB = 60;
const JOBS = [INSTANCES.dbt, INSTANCES['great-expectations'], INSTANCES.feast];

export function jobs(workload: Workload, list: PriceList): Line[] {
  const line = lines('Cloud Run jobs', list);
  const seconds = runsPerMonth(workload) * SECONDS_PER_JOB;
  const sum = (of: 'vcpus' | 'memoryGiB') => JOBS.reduce((total, job) => total + job[of], 0);
  return [
    line('vCPU', seconds * sum('vcpus'), 'alwaysOnVcpu'),
    line('memory', seconds * sum('memoryGiB'), 'alwaysOnMemory'),
  ];
}
