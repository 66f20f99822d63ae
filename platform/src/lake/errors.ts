import pRetry from 'p-retry';
import { TransientError, TributaryError, UserError } from '../errors/index.ts';

/**
 * Why the lake refused, decided once for both stores.
 *
 * - `PRECONDITION_FAILED`: someone else wrote first; read again and decide anew.
 * - `LAKE_UNAVAILABLE` (transient): the store did not answer. A write may or may not have happened.
 * - `LAKE_BUCKET_MISSING`, `LAKE_FORBIDDEN`, `LAKE_BAD_REQUEST` (user): bucket, permission or name is wrong.
 */
export type LakeErrorCode =
  | 'PRECONDITION_FAILED'
  | 'LAKE_UNAVAILABLE'
  | 'LAKE_BUCKET_MISSING'
  | 'LAKE_FORBIDDEN'
  | 'LAKE_BAD_REQUEST';

/** A conditional write found other content than expected. Not a fault: the loser of a race gets it. */
export class PreconditionFailedError extends TributaryError {
  constructor(uri: string, options?: ErrorOptions) {
    super('PRECONDITION_FAILED', 'transient', `${uri} is not as expected: another writer was first`, options);
    this.name = 'PreconditionFailedError';
  }
}

/** HTTP statuses that both stores use with the same meaning. https://cloud.google.com/storage/docs/json_api/v1/status-codes */
const MEANING: ReadonlyMap<number, LakeErrorCode> = new Map([
  [412, 'PRECONDITION_FAILED'],
  // S3 answers 409 to one of two conditional writes that overlap. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
  [409, 'PRECONDITION_FAILED'],
  [400, 'LAKE_BAD_REQUEST'],
  [401, 'LAKE_FORBIDDEN'],
  [403, 'LAKE_FORBIDDEN'],
]);

/** @param status the HTTP status, where the store answered at all. */
export function lakeError(
  action: string,
  uri: string,
  status: number | undefined,
  cause: unknown,
  missingBucket = false,
): TributaryError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = missingBucket
    ? 'LAKE_BUCKET_MISSING'
    : (MEANING.get(status ?? 0) ?? (status === 404 ? 'LAKE_BUCKET_MISSING' : 'LAKE_UNAVAILABLE'));
  switch (code) {
    case 'PRECONDITION_FAILED':
      return new PreconditionFailedError(uri, { cause });
    case 'LAKE_UNAVAILABLE':
      return new TransientError(
        code,
        `Could not ${action} ${uri}: ${reason}. Check that the object store is running and reachable.`,
        { cause },
      );
    case 'LAKE_BUCKET_MISSING':
      return new UserError(
        code,
        `Could not ${action} ${uri}: the bucket does not exist. Locally \`npm run up\` creates it, in the cloud \`terraform apply\`; check LAKE_BUCKET and LANDING_BUCKET.`,
        { cause },
      );
    case 'LAKE_FORBIDDEN':
      return new UserError(
        code,
        `Could not ${action} ${uri}: not permitted (${reason}). Check MINIO_ACCESS_KEY and MINIO_SECRET_KEY, or the service account's role on the bucket.`,
        { cause },
      );
    case 'LAKE_BAD_REQUEST':
      return new UserError(code, `Could not ${action} ${uri}: ${reason}`, { cause });
  }
}

/** Repeats a call that may be repeated without harm, while the store does not answer: at most five times within about seven seconds. */
export function retried<T>(call: () => Promise<T>): Promise<T> {
  return pRetry(call, {
    retries: 5,
    minTimeout: 100,
    factor: 2.5,
    maxTimeout: 3_000,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof TransientError && error.code === 'LAKE_UNAVAILABLE',
  });
}
