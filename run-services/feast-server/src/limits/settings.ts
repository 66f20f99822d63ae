import { type Environment, readEnvironment, readVariables, variable } from '@tributary/platform/config';
import { z } from 'zod';

const count = (preset: number, most: number) =>
  z.coerce.number({ error: 'expected a number' }).int().min(1).max(most).default(preset);

const OWN_VARIABLES = {
  READ_DEADLINE_MS: variable(count(2_000, 600_000), 'how long a read may take, in milliseconds', '2000'),
  WRITE_DEADLINE_MS: variable(
    count(10_000, 600_000),
    'how long a push, a write or the start of a job may take, in milliseconds; above what a client waits is of no use',
    '10000',
  ),
  MAX_REQUESTS_AT_WORK: variable(
    count(512, 100_000),
    'requests at work and waiting at once; more are answered 503',
    '512',
  ),
  MAX_BYTES_AT_WORK: variable(
    count(64_000_000, 4_000_000_000),
    'bytes of the bodies of requests at work at once; more are answered 503',
    '64000000',
  ),
  MAX_BODY_BYTES: variable(
    count(8_000_000, 100_000_000),
    "bytes of one request's body; more are answered 413",
    '8000000',
  ),
  MAX_FEATURE_VALUES: variable(
    count(200_000, 10_000_000),
    'entities × features of one request; more are answered 400',
    '200000',
  ),
  DRAIN_MS: variable(
    count(7_000, 3_600_000),
    'how long requests at work may take after SIGTERM, in milliseconds; Cloud Run kills after ten seconds',
    '7000',
  ),
};

/** What one request, and all of them together, may take. */
export interface Limits {
  readonly readDeadlineMs: number;
  readonly writeDeadlineMs: number;
  readonly maxRequestsAtWork: number;
  readonly maxBytesAtWork: number;
  readonly maxBodyBytes: number;
  readonly maxFeatureValues: number;
  readonly drainMs: number;
}

/** @throws {UserError} CONFIG_INVALID */
export function readLimits(environment: Environment = readEnvironment()): Limits {
  const own = readVariables(OWN_VARIABLES, environment);
  return {
    readDeadlineMs: own.READ_DEADLINE_MS,
    writeDeadlineMs: own.WRITE_DEADLINE_MS,
    maxRequestsAtWork: own.MAX_REQUESTS_AT_WORK,
    maxBytesAtWork: own.MAX_BYTES_AT_WORK,
    maxBodyBytes: own.MAX_BODY_BYTES,
    maxFeatureValues: own.MAX_FEATURE_VALUES,
    drainMs: own.DRAIN_MS,
  };
}
