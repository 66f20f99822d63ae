import type { BigQuery } from '@google-cloud/bigquery';
import type { WarehouseConfig } from '../config/index.ts';
import { UserError } from '../errors/index.ts';
import { bigQueryClient } from './client.ts';
import { isTransientReason, reasonOf, retried, warehouseError } from './errors.ts';
import { jobLabels } from './job-labels.ts';
import type { Row } from './port.ts';
import { decodedRow, type ResultField } from './result-rows.ts';

/** A parameter as BigQuery's REST API takes it; all values are text, so none loses digits. */
export interface QueryParameter {
  readonly name: string;
  /** STRING, INT64, … of the value, or of an array's elements. */
  readonly type: string;
  readonly value: string | null | readonly string[];
}

export interface QueryJob {
  /** BigQuery refuses a second job of the same id. */
  readonly jobId: string;
  readonly sql: string;
  readonly params: readonly QueryParameter[];
  readonly labels: Readonly<Record<string, string>>;
  /** Decimal. */
  readonly maximumBytesBilled: string;
}

export interface ResultPage {
  readonly fields: readonly ResultField[];
  /** In the wire encoding of docs/interfaces.md. */
  readonly rows: readonly Row[];
  readonly totalRows: number;
  readonly nextPageToken: string | null;
}

/**
 * How a job was found: `absent`, `running` when the time was over, `failed` with what warehouseError says of it (`again` where the same statement may succeed
 * under a new id), or a page of its rows.
 */
export type Found =
  | { readonly state: 'absent' }
  | { readonly state: 'running' }
  | { readonly state: 'failed'; readonly error: Error; readonly again: boolean }
  | { readonly state: 'done'; readonly page: ResultPage };

export interface PageRequest {
  readonly maxResults: number;
  readonly pageToken?: string | undefined;
  /** How long to wait for the job to end. */
  readonly timeoutMs: number;
}

/** Query jobs by id: started once, whose results are read page by page for as long as BigQuery keeps them, a day. https://cloud.google.com/bigquery/docs/cached-results */
export interface QueryJobs {
  /** Starts the job, or does nothing where one of that id is. */
  start(job: QueryJob): Promise<void>;
  find(jobId: string, request: PageRequest): Promise<Found>;
  /** Has BigQuery check a statement without running it. @returns bytes it would process. */
  check(job: Omit<QueryJob, 'jobId'>): Promise<number>;
}

/** A query that nobody waits for any more is stopped after this long. */
const JOB_TIMEOUT_MS = 10 * 60_000;

/** Jobs of `config`'s warehouse. Errors: as of `Warehouse`. */
export function createQueryJobs(config: WarehouseConfig): QueryJobs {
  return new BigQueryJobs(bigQueryClient(config), config);
}

class BigQueryJobs implements QueryJobs {
  readonly #bigquery: BigQuery;
  readonly #config: WarehouseConfig;

  constructor(bigquery: BigQuery, config: WarehouseConfig) {
    this.#bigquery = bigquery;
    this.#config = config;
  }

  async start(job: QueryJob): Promise<void> {
    await retried('start a query', async () => {
      try {
        await this.#bigquery.createJob({
          jobId: job.jobId,
          location: this.#config.location,
          configuration: { ...configuration(job), jobTimeoutMs: String(JOB_TIMEOUT_MS) },
        });
      } catch (error) {
        // It is there: a former request, or this one whose answer was lost, has started it.
        if ((error as { code?: number }).code !== 409) throw error;
      }
    });
  }

  async find(jobId: string, { maxResults, pageToken, timeoutMs }: PageRequest): Promise<Found> {
    try {
      return await retried('read the results of a query', async () => {
        const answer = await this.#results(jobId, { maxResults, pageToken, timeoutMs });
        return answer.jobComplete === false ? { state: 'running' } : { state: 'done', page: pageOf(answer) };
      });
    } catch (error) {
      return await this.#fault(jobId, error as Error);
    }
  }

  /** Whether the request failed, or the job. */
  async #fault(jobId: string, error: Error): Promise<Found> {
    let status: { state?: string; errorResult?: { reason?: string; message?: string } } | undefined;
    try {
      const [metadata] = await this.#bigquery.job(jobId, { location: this.#config.location }).getMetadata();
      status = metadata.status;
    } catch (missing) {
      if ((missing as { code?: number }).code === 404) return { state: 'absent' };
      throw error;
    }
    const fault = status?.errorResult;
    if (status?.state !== 'DONE' || !fault) throw error;
    const cause = { errors: [fault], message: fault.message ?? '' };
    const reason = reasonOf(cause);
    // What is not there yet may be later: a mart that dbt has not made.
    const again = isTransientReason(reason) || reason === 'notFound';
    return { state: 'failed', error: warehouseError('run the query', cause), again };
  }

  async #results(jobId: string, { maxResults, pageToken, timeoutMs }: PageRequest): Promise<RawResults> {
    // By hand, because the client makes values of its own of the rows, and some lose digits on the way.
    return await new Promise((resolve, reject) => {
      const qs = {
        ...{ location: this.#config.location, maxResults, timeoutMs, 'formatOptions.useInt64Timestamp': true },
        ...(pageToken === undefined ? {} : { pageToken }),
      };
      this.#bigquery.request({ uri: `/queries/${encodeURIComponent(jobId)}`, qs }, (error, body) =>
        error ? reject(error) : resolve(body as RawResults),
      );
    });
  }

  async check(job: Omit<QueryJob, 'jobId'>): Promise<number> {
    return await retried('check a query', async () => {
      const [started] = await this.#bigquery.createJob({
        location: this.#config.location,
        configuration: { ...configuration(job), dryRun: true },
      });
      return Number(started.metadata?.statistics?.totalBytesProcessed ?? 0);
    });
  }
}

interface RawResults {
  readonly jobComplete?: boolean;
  readonly schema?: { fields?: ResultField[] };
  readonly rows?: { f: { v: unknown }[] }[];
  readonly totalRows?: string;
  readonly pageToken?: string;
}

function pageOf({ schema, rows = [], totalRows, pageToken }: RawResults): ResultPage {
  const fields = schema?.fields ?? [];
  return {
    fields,
    rows: rows.map((row) => decodedRow(fields, row)),
    totalRows: Number(totalRows ?? rows.length),
    nextPageToken: pageToken ?? null,
  };
}

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationQuery */
function configuration({ sql, params, labels, maximumBytesBilled }: Omit<QueryJob, 'jobId'>) {
  if (!/^\d+$/.test(maximumBytesBilled)) throw new UserError('WAREHOUSE_INVALID', 'maximumBytesBilled is not a number');
  return {
    query: {
      query: sql,
      useLegacySql: false,
      maximumBytesBilled,
      parameterMode: 'NAMED',
      queryParameters: params.map(({ name, type, value }) => ({
        name,
        ...(Array.isArray(value)
          ? {
              parameterType: { type: 'ARRAY', arrayType: { type } },
              parameterValue: { arrayValues: value.map((each) => ({ value: each })) },
            }
          : { parameterType: { type }, parameterValue: value === null ? {} : { value: value as string } }),
      })),
    },
    labels: jobLabels(labels),
  };
}
