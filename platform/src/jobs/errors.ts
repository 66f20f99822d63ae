import { TransientError, TributaryError, UserError } from '../errors/index.ts';

/**
 * Why a job or the pipeline could not be started or asked for.
 *
 * - `JOBS_UNAVAILABLE` (transient): no answer. What was to be started may have been started.
 * - `JOBS_NOT_FOUND`, `JOBS_FORBIDDEN`, `JOBS_REFUSED` (user): the name, the identity or the request is wrong.
 */
export type JobsErrorCode = 'JOBS_UNAVAILABLE' | 'JOBS_NOT_FOUND' | 'JOBS_FORBIDDEN' | 'JOBS_REFUSED';

const FIX: Readonly<Record<JobsErrorCode, string>> = {
  JOBS_UNAVAILABLE: 'Check that the service is running and reachable.',
  JOBS_NOT_FOUND: 'Check its name, PROJECT_ID and LOCATION; in the cloud `terraform apply` creates it.',
  JOBS_FORBIDDEN:
    "Grant the process's service account the right to run it (roles/run.developer, roles/dataflow.developer).",
  JOBS_REFUSED: 'Mend the request.',
};

/** HTTP statuses; gRPC's codes are translated before. https://cloud.google.com/apis/design/errors#handling_errors */
export function jobsError(action: string, status: number | undefined, cause: unknown): TributaryError {
  if (cause instanceof TributaryError) return cause;
  const code = codeOf(status);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Could not ${action}: ${reason}. ${FIX[code]}`;
  return code === 'JOBS_UNAVAILABLE'
    ? new TransientError(code, message, { cause })
    : new UserError(code, message, { cause });
}

function codeOf(status: number | undefined): JobsErrorCode {
  if (status === 404) return 'JOBS_NOT_FOUND';
  if (status === 401 || status === 403) return 'JOBS_FORBIDDEN';
  // 408 and 429 ask to come back; no status at all is a broken connection.
  if (status === undefined || status >= 500 || status === 408 || status === 429) return 'JOBS_UNAVAILABLE';
  return 'JOBS_REFUSED';
}
