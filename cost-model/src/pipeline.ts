import { type Line, lines } from './line.ts';
import type { PriceList } from './price.ts';
import { WORKER, workers } from './sizing.ts';
import { DAYS_PER_MONTH, GIB, HOURS_PER_MONTH, SECONDS_PER_MONTH } from './units.ts';
import type { Workload } from './workload.ts';

/** What passes Streaming Engine for one byte of a message: once as it is read, once as its rows are gathered into files, and a little for lookups and windows. Assumption. */
const STREAMED_BYTES_PER_MESSAGE_BYTE = 2.2;

/** One streaming job, around the clock, with Streaming Engine (DataflowDefaults turns it on). */
export function dataflow(workload: Workload, list: PriceList): Line[] {
  const line = lines('Dataflow', list);
  const hours = workers(workload) * HOURS_PER_MONTH;
  const bytes = workload.eventsPerSecond * workload.messageBytes * STREAMED_BYTES_PER_MESSAGE_BYTE * SECONDS_PER_MONTH;
  return [
    line('vCPU of workers', hours * WORKER.vcpus, 'dataflowVcpu'),
    line('memory', hours * WORKER.memoryGiB, 'dataflowMemory'),
    line('disks', hours * WORKER.diskGiB, 'dataflowDisk'),
    line('Streaming Engine', bytes / GIB, 'dataflowStreamed'),
  ];
}

/** `--maxFileBytes`. */
const MAX_FILE_BYTES = 64 * 2 ** 20;
/** A load's lease (taken, given back), manifest (opened, done), ledger of jobs (begun, ended) and listing of arrivals; functions/load-warehouse. */
const WRITES_PER_LOAD = 7;
/** The record that an object arrived. */
const WRITES_PER_LOADED_FILE = 1;
/** Its Parquet footer: the length, then the metadata. */
const READS_PER_LOADED_FILE = 2;
/** What a sweep of all functions lists where nothing is amiss, besides processed/ (docs/interfaces.md#event-delivery-to-functions). */
const LISTS_PER_SWEEP = 12;
const OBJECTS_PER_LIST = 1_000;
/** `MAX_OBJECTS_PER_SWEEP` of load-warehouse: fifty requests. */
const MAX_LISTS_OF_PROCESSED = 50;
/** `LOAD_JOBS_PER_DAY` of a table. */
export const LOAD_JOBS_PER_DAY = 1_000;

/** Files of one of the two tables in a month: one for each stream, writer and flush, or more where they would grow beyond their limit; never more than rows. */
export function filesPerMonth(workload: Workload, bytesPerEvent: number): number {
  const { eventsPerSecond, streams, flushSeconds } = workload;
  const flushes = SECONDS_PER_MONTH / flushSeconds;
  const events = eventsPerSecond * flushSeconds;
  const byTime = Math.min(events, streams * workers(workload));
  const bySize = (events * bytesPerEvent) / MAX_FILE_BYTES;
  return flushes * Math.max(byTime, bySize);
}

/** Load jobs of all tables in a month: as often as files come, within the budget of a table. They cost nothing themselves. */
export function loadsPerMonth(workload: Workload): number {
  const perTable = Math.min(LOAD_JOBS_PER_DAY * DAYS_PER_MONTH, SECONDS_PER_MONTH / workload.flushSeconds);
  return Math.min(workload.streams * perTable, filesPerMonth(workload, workload.processedFileBytesPerEvent));
}

/** The lake: what `historyDays` left in it, the files of a month and the chain's own objects. */
export function storage(workload: Workload, list: PriceList): Line[] {
  const line = lines('Cloud Storage', list);
  const { eventsPerSecond, rawFileBytesPerEvent, processedFileBytesPerEvent, historyDays } = workload;
  const events = eventsPerSecond * 86_400 * historyDays;
  const processedFiles = filesPerMonth(workload, processedFileBytesPerEvent);
  const files = filesPerMonth(workload, rawFileBytesPerEvent) + processedFiles;
  const sweeps = (HOURS_PER_MONTH * 60) / workload.sweepMinutes;
  const lists = Math.min(
    MAX_LISTS_OF_PROCESSED,
    ((processedFiles / DAYS_PER_MONTH) * historyDays) / OBJECTS_PER_LIST + 1,
  );
  const writes =
    files +
    processedFiles * WRITES_PER_LOADED_FILE +
    loadsPerMonth(workload) * WRITES_PER_LOAD +
    sweeps * (LISTS_PER_SWEEP + lists);
  return [
    line('raw/', (events * rawFileBytesPerEvent) / GIB, 'objectStorage'),
    line('processed/', (events * processedFileBytesPerEvent) / GIB, 'objectStorage'),
    line('writes and lists', writes / 1e6, 'objectWrites'),
    line('reads', (processedFiles * READS_PER_LOADED_FILE) / 1e6, 'objectReads'),
  ];
}
