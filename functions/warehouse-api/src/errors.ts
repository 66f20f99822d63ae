import { UserError } from '@tributary/platform/errors';

/**
 * Why a request is not answered with rows. Those of `platform/oidc` and `platform/warehouse` come beside them.
 *
 * - `QUERY_NOT_DECLARED` (404): there is no file of that name in queries/.
 * - `PARAMETER_INVALID` (400): a parameter is missing, unknown or wrong; the message names it and what it has to be.
 * - `PAGE_TOKEN_INVALID` (400): not a token of this query with these parameters.
 * - `PAGE_EXPIRED` (410): the results are no longer kept; ask for the first page again.
 * - `FORMAT_UNKNOWN` (406): neither JSON nor NDJSON.
 * - `METHOD_NOT_ALLOWED` (405).
 * - `QUERY_DEADLINE` (504): not ready yet; the job goes on, and the same request finds it.
 */
export type ApiErrorCode =
  | 'QUERY_NOT_DECLARED'
  | 'PARAMETER_INVALID'
  | 'PAGE_TOKEN_INVALID'
  | 'PAGE_EXPIRED'
  | 'FORMAT_UNKNOWN'
  | 'METHOD_NOT_ALLOWED'
  | 'QUERY_DEADLINE';

const STATUS: Readonly<Record<string, number>> = {
  QUERY_NOT_DECLARED: 404,
  PARAMETER_INVALID: 400,
  PAGE_TOKEN_INVALID: 400,
  PAGE_EXPIRED: 410,
  FORMAT_UNKNOWN: 406,
  METHOD_NOT_ALLOWED: 405,
  QUERY_DEADLINE: 504,
  TOKEN_MISSING: 401,
  TOKEN_INVALID: 401,
  CALLER_FORBIDDEN: 403,
  EVENT_TOO_LARGE: 413,
  EVENT_ENCODING: 415,
  EVENT_UNREADABLE: 400,
  COST_BUDGET_SPENT: 429,
  WAREHOUSE_QUOTA_EXCEEDED: 429,
  // The declared query, with these parameters, reads more than it may.
  WAREHOUSE_BYTES_LIMIT: 400,
  // A mart that dbt has not made yet.
  WAREHOUSE_NOT_FOUND: 503,
  WAREHOUSE_UNAVAILABLE: 503,
  OIDC_KEYS_UNAVAILABLE: 503,
};

/** Seconds after which to come back, for those that may be better then. */
const RETRY_AFTER: Readonly<Record<string, number>> = {
  QUERY_DEADLINE: 5,
  COST_BUDGET_SPENT: 3_600,
  WAREHOUSE_QUOTA_EXCEEDED: 600,
  WAREHOUSE_NOT_FOUND: 60,
  WAREHOUSE_UNAVAILABLE: 10,
  OIDC_KEYS_UNAVAILABLE: 10,
};

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfter: number | undefined;
}

/** What a client is told of an error; of those that are not for it, nothing but that there was one. */
export function refusalOf(error: unknown): Refusal {
  const code = (error as { code?: unknown }).code;
  const status = typeof code === 'string' && Object.hasOwn(STATUS, code) ? STATUS[code] : undefined;
  if (status === undefined || typeof code !== 'string') {
    return {
      status: 500,
      code: 'INTERNAL',
      message: 'The query could not be answered; see the log.',
      retryAfter: undefined,
    };
  }
  // BigQuery's own words may quote values, and are for the log.
  const isOurs = !code.startsWith('WAREHOUSE_');
  return { status, code, message: isOurs ? (error as Error).message : WORDS[code]!, retryAfter: RETRY_AFTER[code] };
}

const WORDS: Readonly<Record<string, string>> = {
  WAREHOUSE_QUOTA_EXCEEDED: 'A quota of BigQuery is used up; come back later.',
  WAREHOUSE_BYTES_LIMIT: 'With these parameters the query reads more than it may be billed for; ask for less.',
  WAREHOUSE_NOT_FOUND: 'A table of the query is not there yet; it is made by the first run of the pipeline.',
  WAREHOUSE_UNAVAILABLE: 'The warehouse does not answer; come back later.',
};

export function apiError(code: ApiErrorCode, message: string): UserError {
  return new UserError(code, message);
}
