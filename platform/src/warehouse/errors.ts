import { setTimeout as delay } from 'node:timers/promises';
import { TransientError, TributaryError, UserError } from '../errors/index.ts';

/**
 * What went wrong in the warehouse, decided once.
 *
 * - `WAREHOUSE_UNAVAILABLE` (transient): no answer, or an answer that asks to come back. The same request, under the same job id, may be repeated.
 * - `WAREHOUSE_QUOTA_EXCEEDED` (transient): a limit per day or project is reached; come back much later.
 * - `WAREHOUSE_JOB_FAILED` (transient): a job ran and failed without its input being at fault. Its id is spent: repeat under a new one.
 * - `WAREHOUSE_REJECTED` (user): a job ran and refused its objects. Its id is spent.
 * - `WAREHOUSE_NOT_FOUND`, `WAREHOUSE_FORBIDDEN`, `WAREHOUSE_BYTES_LIMIT`, `WAREHOUSE_INVALID` (user): the request itself is at fault.
 * - `WAREHOUSE_SCHEMA_CONFLICT` (user): a table's column has another type than its contract now says.
 */
export type WarehouseErrorCode =
  | 'WAREHOUSE_UNAVAILABLE'
  | 'WAREHOUSE_QUOTA_EXCEEDED'
  | 'WAREHOUSE_JOB_FAILED'
  | 'WAREHOUSE_REJECTED'
  | 'WAREHOUSE_NOT_FOUND'
  | 'WAREHOUSE_FORBIDDEN'
  | 'WAREHOUSE_BYTES_LIMIT'
  | 'WAREHOUSE_INVALID'
  | 'WAREHOUSE_SCHEMA_CONFLICT';

/** One of BigQuery's reasons for a failure. https://cloud.google.com/bigquery/docs/reference/rest/v2/ErrorProto */
export interface JobFault {
  readonly reason: string;
  /** What it is about: an object's URI, a field, a query position. */
  readonly location: string | undefined;
  readonly message: string;
}

/** A load job that ended in failure though its objects are not at fault. Its id cannot be used again. */
export class LoadJobFailedError extends TransientError {
  readonly jobId: string;
  readonly faults: readonly JobFault[];
  /** Whether the job had been begun before it was asked for: then this failure is an old one, and says nothing of how a new job would fare. */
  readonly wasThere: boolean;

  constructor(jobId: string, faults: readonly JobFault[], { wasThere }: { readonly wasThere: boolean }) {
    super('WAREHOUSE_JOB_FAILED', `Load job ${jobId} failed (${tell(faults)}); repeat it under a new job id.`);
    this.jobId = jobId;
    this.faults = faults;
    this.wasThere = wasThere;
  }

  /**
   * How long to wait before the job is repeated under a new id, in milliseconds; undefined where that should be much later.
   *
   * @param failures how many jobs failed so far
   */
  retryInMs(failures: number): number | undefined {
    return retryDelay(this.faults[0]?.reason ?? 'internalError', failures);
  }
}

/** A load job that refused its objects; nothing of it was loaded. Its id cannot be used again. */
export class LoadRejectedError extends UserError {
  readonly jobId: string;
  readonly faults: readonly JobFault[];
  /** Which of the job's objects BigQuery named; empty where it named none. */
  readonly refusedUris: readonly string[];

  constructor(jobId: string, faults: readonly JobFault[], uris: readonly string[]) {
    super(
      'WAREHOUSE_REJECTED',
      `Load job ${jobId} was refused (${tell(faults)}); mend the object or the contract, then load it again.`,
    );
    this.jobId = jobId;
    this.faults = faults;
    this.refusedUris = uris.filter((uri) => faults.some((fault) => names(fault, uri)));
  }
}

/** The longest URI first would matter only if one were a prefix of another; objects of one writer never are. */
function names(fault: JobFault, uri: string): boolean {
  return fault.location === uri || fault.message.includes(uri);
}

function tell(faults: readonly JobFault[]): string {
  const first = faults[0];
  if (!first) return 'no reason given';
  const more = faults.length > 1 ? ` and ${faults.length - 1} more` : '';
  return `${first.reason}${first.location ? ` at ${first.location}` : ''}: ${first.message}${more}`;
}

const BRIEF = [200, 500, 1_000, 2_000, 4_000];
const PATIENT = [1_000, 2_000, 4_000, 8_000, 16_000];
/** It may pass, but not soon: the caller comes back later. */
const LATER: readonly number[] = [];

/**
 * With which reasons the request is not at fault: BigQuery's reason → delays between attempts, in milliseconds. With a reason that is not here the request itself,
 * or what it reads, has to change. `connection` and `concurrentUpdate` are our own names.
 *
 * https://cloud.google.com/bigquery/docs/error-messages says of each what it means; its advice for `backendError` is to wait seconds and to double the wait, and
 * for a job that failed with it to repeat the job.
 */
const RETRY_DELAYS_MS: Readonly<Record<string, readonly number[]>> = {
  // No answer: refused, reset, timed out, or no such host.
  connection: BRIEF,
  backendError: PATIENT,
  internalError: PATIENT,
  jobBackendError: PATIENT,
  jobInternalError: PATIENT,
  tableUnavailable: PATIENT,
  // Requests or statements came too fast after each other.
  rateLimitExceeded: PATIENT,
  jobRateLimitExceeded: PATIENT,
  concurrentUpdate: PATIENT,
  // A limit of the day or the project: it fills up again in the course of a day.
  quotaExceeded: LATER,
  // BigQuery refuses this kind of request from the project for a while.
  blocked: LATER,
  // Somebody, or a time limit, ended the job.
  stopped: LATER,
  timeout: LATER,
};

const USER_CODES: Readonly<Record<string, WarehouseErrorCode>> = {
  notFound: 'WAREHOUSE_NOT_FOUND',
  accessDenied: 'WAREHOUSE_FORBIDDEN',
  authError: 'WAREHOUSE_FORBIDDEN',
  billingNotEnabled: 'WAREHOUSE_FORBIDDEN',
  bytesBilledLimitExceeded: 'WAREHOUSE_BYTES_LIMIT',
};

const FIX: Readonly<Partial<Record<WarehouseErrorCode, string>>> = {
  WAREHOUSE_UNAVAILABLE: 'Check that BigQuery (or its emulator) is running and reachable.',
  WAREHOUSE_QUOTA_EXCEEDED: 'Wait, load less often, or ask for a higher quota.',
  WAREHOUSE_NOT_FOUND: 'Run the migration (locally `npm run up` does), and check PROJECT_ID and BIGQUERY_LOCATION.',
  WAREHOUSE_FORBIDDEN: "Grant the process's service account roles/bigquery.jobUser and roles/bigquery.dataEditor.",
  WAREHOUSE_BYTES_LIMIT: 'Make the query read less, or raise MAX_BYTES_BILLED.',
};

/** As the client throws it: an HTTP answer's errors, or a socket's. */
interface ClientError {
  readonly code?: number | string;
  readonly errors?: readonly { reason?: string }[];
  readonly message?: string;
}

export function reasonOf(error: unknown): string {
  const { code, errors, message = '' } = error as ClientError;
  // BigQuery reports it as an invalid query, though the same statement succeeds once the other one ended.
  if (/concurrent update|serialize access/i.test(message)) return 'concurrentUpdate';
  const reason = errors?.[0]?.reason;
  if (reason) return reason;
  const status = Number(code);
  if (Number.isInteger(status)) {
    if (status === 429) return 'rateLimitExceeded';
    if (status === 404) return 'notFound';
    if (status === 401 || status === 403) return 'accessDenied';
    return status >= 500 ? 'backendError' : 'invalid';
  }
  // Neither an HTTP answer nor one of ours: the connection.
  return 'connection';
}

/** Whether the same request may succeed later. */
export function isTransientReason(reason: string): boolean {
  return RETRY_DELAYS_MS[reason] !== undefined;
}

/** How long to wait after a failure for this reason before the next attempt, in milliseconds; undefined where the caller should come back much later, or not. */
export function retryDelay(reason: string, failures: number): number | undefined {
  const wait = RETRY_DELAYS_MS[reason]?.[failures - 1];
  // Spread by up to a quarter, so that callers that failed together do not come back together.
  return wait === undefined ? undefined : wait * (1 + Math.random() / 4);
}

/** @param action what failed, for people: `load staging.orders`. */
export function warehouseError(action: string, error: unknown): TributaryError {
  if (error instanceof TributaryError) return error;
  const reason = reasonOf(error);
  const code: WarehouseErrorCode =
    reason === 'quotaExceeded'
      ? 'WAREHOUSE_QUOTA_EXCEEDED'
      : isTransientReason(reason)
        ? 'WAREHOUSE_UNAVAILABLE'
        : (USER_CODES[reason] ?? 'WAREHOUSE_INVALID');
  const message = `Could not ${action}: ${(error as Error).message} (${reason}). ${FIX[code] ?? ''}`.trimEnd();
  return isTransientReason(reason)
    ? new TransientError(code, message, { cause: error })
    : new UserError(code, message, { cause: error });
}

/** Repeats a call that may be repeated without harm, by the table of reasons, and throws what `warehouseError` makes of its last failure. */
export async function retried<T>(action: string, call: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call(attempt);
    } catch (error) {
      const wait = error instanceof TributaryError ? undefined : retryDelay(reasonOf(error), attempt + 1);
      if (wait === undefined) throw warehouseError(action, error);
      await delay(wait);
    }
  }
}
