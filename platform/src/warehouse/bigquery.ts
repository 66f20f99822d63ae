import { randomUUID } from 'node:crypto';
import type { BigQuery, Job } from '@google-cloud/bigquery';
import { type CompiledContract, loadContracts } from '../contracts/index.ts';
import { UserError } from '../errors/index.ts';
import { type BigQuerySettings, bigQueryClient } from './client.ts';
import { isTransientReason, reasonOf, retried } from './errors.ts';
import { jobLabels } from './job-labels.ts';
import { loadOnce } from './load-job.ts';
import { migrate, migrateTable } from './migration.ts';
import type { LoadOutcome, LoadRequest, QueryOptions, Row, Warehouse } from './port.ts';
import { declaredTables, stagingTable } from './tables.ts';
import { exactInteger, wireRow } from './values.ts';

/** A query that takes longer is stopped by BigQuery. */
const QUERY_TIMEOUT_MS = 10 * 60_000;

/** Recommended size of one streaming request; the limit is 50,000. https://cloud.google.com/bigquery/quotas#streaming_inserts */
const MAX_ROWS_PER_INSERT = 500;

/** BigQuery, or an emulator of it. */
export class BigQueryWarehouse implements Warehouse {
  readonly #bigquery: BigQuery;
  readonly #settings: BigQuerySettings;

  constructor(settings: BigQuerySettings) {
    this.#settings = settings;
    this.#bigquery = bigQueryClient(settings);
  }

  load(request: LoadRequest): Promise<LoadOutcome> {
    return loadOnce(this.#bigquery, this.#settings.location, { ...request, labels: jobLabels(request.labels) });
  }

  /** Rows come in the wire encoding of docs/interfaces.md (`wireRow`): NUMERIC as decimal strings, INT64 beyond 2^53−1 too. */
  async query<T extends Row = Row>(sql: string, options: QueryOptions = {}): Promise<T[]> {
    // The id makes a repeated request harmless: a statement whose answer was lost is found again, not run again.
    let jobId = `query_${randomUUID()}`;
    return retried('query', async () => {
      const job = await this.#startQuery(jobId, sql, options);
      try {
        const [rows] = await job.getQueryResults({ wrapIntegers: { integerTypeCastFunction: exactInteger } });
        return rows.map((row) => wireRow<T>(row));
      } catch (error) {
        if (isTransientReason(reasonOf(error)) && (await hasFailed(job))) jobId = `query_${randomUUID()}`;
        throw error;
      }
    });
  }

  async #startQuery(jobId: string, sql: string, options: QueryOptions): Promise<Job> {
    try {
      const [job] = await this.#bigquery.createQueryJob({
        query: sql,
        jobId,
        location: this.#settings.location,
        labels: jobLabels(options.labels),
        maximumBytesBilled: options.maximumBytesBilled ?? this.#settings.maxBytesBilled,
        jobTimeoutMs: QUERY_TIMEOUT_MS,
        ...(options.params ? { params: { ...options.params } } : {}),
        ...(options.types ? { types: { ...options.types } } : {}),
      });
      return job;
    } catch (error) {
      if ((error as { code?: number }).code !== 409) throw error;
      return this.#bigquery.job(jobId, { location: this.#settings.location });
    }
  }

  async insert(dataset: string, table: string, rows: readonly Row[], insertIds: readonly string[]): Promise<void> {
    if (rows.length !== insertIds.length) {
      throw new Error(`insert into ${dataset}.${table}: ${rows.length} rows but ${insertIds.length} insert ids`);
    }
    const target = this.#bigquery.dataset(dataset).table(table);
    const entries = rows.map((json, index) => ({ insertId: insertIds[index]!, json }));
    for (let from = 0; from < entries.length; from += MAX_ROWS_PER_INSERT) {
      const part = entries.slice(from, from + MAX_ROWS_PER_INSERT);
      await retried(`insert into ${dataset}.${table}`, async () => {
        try {
          await target.insert(part, { raw: true });
        } catch (error) {
          throw refusedRows(`${dataset}.${table}`, error) ?? error;
        }
      });
    }
  }

  migrate(): Promise<void> {
    return migrate(this.#bigquery, this.#settings.location, declaredTables(loadContracts()));
  }

  ensureStaging(contract: CompiledContract): Promise<void> {
    return migrateTable(this.#bigquery, stagingTable(contract));
  }
}

/** Whether the job ended in failure, so that its id is of no more use. */
async function hasFailed(job: Job): Promise<boolean> {
  try {
    const [{ status }] = await job.getMetadata();
    return status?.state === 'DONE' && status.errorResult !== undefined;
  } catch {
    return false;
  }
}

/** The client's error for rows that BigQuery refused holds the rows; ours holds only their reasons. */
function refusedRows(table: string, error: unknown): UserError | undefined {
  const { name, errors } = error as { name?: string; errors?: { errors?: { reason?: string; message?: string }[] }[] };
  if (name !== 'PartialFailureError') return undefined;
  const faults = errors?.flatMap((row) => row.errors ?? []) ?? [];
  const first = faults.find(({ reason }) => reason !== 'stopped') ?? faults[0];
  return new UserError(
    'WAREHOUSE_INVALID',
    `${table} refused ${errors?.length ?? 0} rows: ${first?.reason}: ${first?.message}. Make the rows fit the table.`,
  );
}
