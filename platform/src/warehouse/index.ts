import type { WarehouseConfig } from '../config/index.ts';
import { BigQueryWarehouse } from './bigquery.ts';
import type { Warehouse } from './port.ts';

export { appendOnce } from './append-once.ts';
export { type JobFault, LoadJobFailedError, LoadRejectedError, type WarehouseErrorCode } from './errors.ts';
export { MAX_BYTES_PER_LOAD_JOB, MAX_LOAD_JOBS_PER_TABLE_AND_DAY, MAX_URIS_PER_LOAD_JOB } from './load-job.ts';
export type { LoadOutcome, LoadRequest, QueryOptions, Row, Warehouse } from './port.ts';

export {
  createQueryJobs,
  type Found,
  type PageRequest,
  type QueryJob,
  type QueryJobs,
  type QueryParameter,
  type ResultPage,
} from './query-jobs.ts';
export type { ResultField } from './result-rows.ts';
export { everyPartition } from './tables.ts';

/** The warehouse of the configuration: `createWarehouse(readConfig('warehouse').warehouse)`. Errors of every method: {@link WarehouseErrorCode}. */
export function createWarehouse(config: WarehouseConfig): Warehouse {
  return new BigQueryWarehouse(config);
}
