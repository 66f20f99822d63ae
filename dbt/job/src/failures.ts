import type { NodeResult } from './run-results.ts';

/** Why a node failed, in words that hold no value of any row. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** Whether the same run may succeed a moment later. */
  readonly transient: boolean;
}

interface Rule {
  readonly pattern: RegExp;
  readonly code: string;
  readonly transient: boolean;
  /** What may be told: what the pattern caught names tables, columns and limits only. */
  readonly message: (caught: RegExpExecArray) => string;
}

/**
 * What dbt and BigQuery say, and what it means. The first that matches holds.
 *
 * A message itself is never told: BigQuery quotes the value that it could not convert or divide. Only names and numbers that a rule catches are.
 * https://cloud.google.com/bigquery/docs/error-messages#errortable
 */
const RULES: readonly Rule[] = [
  {
    pattern: /^Got (\d+) results?/,
    code: 'DBT_TEST_FAILED',
    transient: false,
    message: ([, rows]) => `${rows} rows are at fault`,
  },
  {
    pattern: /bytesBilledLimitExceeded|limit for bytes billed/i,
    code: 'DBT_BYTES_LIMIT',
    transient: false,
    message: () => 'the query is over MAX_BYTES_BILLED; find out why it grew before raising that',
  },
  {
    pattern:
      /rateLimitExceeded|backendError|internalError|tableUnavailable|\b(?:429|500|502|503|504)\b.*(?:error|unavailable|requests|timeout)|connection (?:refused|reset|aborted|broken)|RemoteDisconnected|Max retries exceeded|Failed to establish|timed? ?out|did not complete within/i,
    code: 'DBT_WAREHOUSE_UNAVAILABLE',
    transient: true,
    message: () => 'BigQuery did not answer, or asked to come back later',
  },
  {
    pattern: /quotaExceeded|Quota exceeded/i,
    code: 'DBT_QUOTA_EXCEEDED',
    transient: false,
    message: () => "a quota of the project is used up; look at the project's quotas page",
  },
  {
    pattern: /accessDenied|Access Denied|permission/i,
    code: 'DBT_ACCESS_DENIED',
    transient: false,
    message: () => 'the job may not read or write a table; its service account needs BigQuery Data Editor and Job User',
  },
  {
    pattern: /(?:Unrecognized name:|Name) [`"]?([A-Za-z_]\w*)/,
    code: 'DBT_SQL_INVALID',
    transient: false,
    message: ([, name]) => `the SQL names ${name}, which is not there`,
  },
  {
    pattern: /(?=[\s\S]*(?:not found|does not exist))(?:Table|Dataset)(?: with name)? [`"]?([A-Za-z_][\w.:-]*)/i,
    code: 'DBT_RELATION_MISSING',
    transient: false,
    message: ([, name]) => `there is no ${name}`,
  },
  {
    pattern: /Compilation Error|Parsing Error|Syntax error|Parser Error|Binder Error|No matching signature/i,
    code: 'DBT_SQL_INVALID',
    transient: false,
    message: () => 'the SQL is not valid',
  },
];

/** Why the node failed. The whole text is with its BigQuery job. */
export function failureOf({ message, jobId }: Pick<NodeResult, 'message' | 'jobId'>): Failure {
  for (const { pattern, code, transient, message: told } of RULES) {
    const caught = pattern.exec(message);
    if (caught) return { code, transient, message: told(caught) };
  }
  const where = jobId === null ? "the job's own log" : `BigQuery job ${jobId}`;
  return { code: 'DBT_QUERY_FAILED', transient: false, message: `the query failed; ${where} says why` };
}
