import { TransientError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import type { Found, QueryJobs, ResultField, ResultPage } from '@tributary/platform/warehouse';
import type { Declaration } from './declaration.ts';
import { apiError } from './errors.ts';
import { cacheWindow, jobId, pageToken, type Run, readPageToken, requestDigest } from './job-id.ts';
import { type Given, parametersOf } from './parameters.ts';

export interface QueryPorts {
  readonly jobs: QueryJobs;
  /** Asked before a job is started; throws COST_BUDGET_SPENT where optional work has stopped. */
  readonly admit: () => Promise<void>;
  readonly now: () => number;
  readonly unique: () => string;
}

export interface QueryRequest {
  readonly params: Given;
  readonly pageSize: number | undefined;
  readonly pageToken: string | undefined;
}

export interface QueryAnswer {
  readonly jobId: string;
  /** Whether the job was there already. */
  readonly cached: boolean;
  readonly fields: readonly ResultField[];
  readonly rows: ResultPage['rows'];
  readonly totalRows: number;
  readonly nextPageToken: string | null;
}

/** How often a job that failed for a reason that may pass is started anew within one window of the cache. */
const MAX_ATTEMPTS = 3;

/**
 * Answers a declared query with a page of its rows.
 *
 * The job's id follows from the query, its parameters and the window of time: whoever asks the same within it gets the results of the one job, without another. That
 * also makes a request that is repeated, or comes twice at once, harmless.
 *
 * @throws {UserError} of {@link ApiErrorCode}, or what the warehouse says.
 */
export async function answerQuery(
  declaration: Declaration,
  request: QueryRequest,
  ports: QueryPorts,
  log: Logger,
): Promise<QueryAnswer> {
  const params = parametersOf(declaration, request.params);
  const digest = requestDigest(declaration, params);
  const maxResults = Math.min(request.pageSize ?? declaration.pageSize, declaration.pageSize);
  const timeoutMs = declaration.deadlineSeconds * 1_000;

  const answer = (run: Run, cached: boolean, page: ResultPage): QueryAnswer => ({
    jobId: jobId(declaration.name, digest, run),
    cached,
    fields: page.fields,
    rows: page.rows,
    totalRows: page.totalRows,
    nextPageToken: page.nextPageToken === null ? null : pageToken(digest, run, page.nextPageToken),
  });

  if (request.pageToken !== undefined) {
    const { run, token } = readPageToken(digest, request.pageToken);
    const found = await ports.jobs.find(jobId(declaration.name, digest, run), {
      maxResults,
      pageToken: token,
      timeoutMs,
    });
    if (found.state !== 'done') throw notPaged(found);
    return answer(run, true, found.page);
  }

  const window = cacheWindow(declaration.cacheSeconds, ports.now(), ports.unique);
  for (let attempt = 0; ; attempt += 1) {
    const run = { window, attempt };
    const id = jobId(declaration.name, digest, run);
    let found = await ports.jobs.find(id, { maxResults, timeoutMs });
    const cached = found.state !== 'absent';
    if (!cached) {
      await ports.admit();
      await ports.jobs.start({
        jobId: id,
        sql: declaration.sql,
        params,
        labels: { stage: 'warehouse-api', query: declaration.name },
        maximumBytesBilled: String(declaration.maxBytesBilled),
      });
      log.info({ query: declaration.name, job_id: id }, 'a query was started');
      found = await ports.jobs.find(id, { maxResults, timeoutMs });
    }
    if (found.state === 'done') return answer(run, cached, found.page);
    if (found.state === 'running') throw deadline(declaration);
    if (found.state === 'absent')
      throw new TransientError('WAREHOUSE_UNAVAILABLE', `BigQuery does not know ${id}, which it has just taken`);
    log.warn({ query: declaration.name, job_id: id, err: found.error }, 'the job of a query failed');
    // One that failed before this request may find better times under a new id; one that failed just now would fail again.
    if (!found.again || !cached || attempt + 1 >= MAX_ATTEMPTS) throw found.error;
  }
}

function notPaged(found: Found): Error {
  if (found.state === 'failed') return found.error;
  return apiError('PAGE_EXPIRED', 'The results that page_token is of are no longer kept; ask again without it.');
}

function deadline({ deadlineSeconds }: Declaration): Error {
  return apiError(
    'QUERY_DEADLINE',
    `The query takes longer than ${deadlineSeconds} s and goes on; send the same request again to get its answer.`,
  );
}
