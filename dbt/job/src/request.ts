import { parseArgs } from 'node:util';
import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';

const requestSchema = z.strictObject({
  manifest: z.string().min(1),
  attempt: z.coerce.number().int().min(1),
  /** Streams that gained rows; none means all. */
  streams: z.string().transform((csv) => csv.split(',').filter((stream) => stream !== '')),
  'run-id': z.string().min(1),
  cause: z.string().min(1).optional(),
  traceparent: z.string().min(1).optional(),
});

/** What a run of the job is asked to do, and what it belongs to. */
export interface TransformRequest {
  /** The commit this run ends, and which attempt at it this is. docs/interfaces.md#chain-event-tributarychain-type-devtributarynamev1 */
  readonly manifest: string;
  readonly attempt: number;
  readonly streams: readonly string[];
  readonly runId: string;
  readonly cause: string | undefined;
  readonly traceparent: string | undefined;
}

const USAGE =
  '--manifest <id> --attempt <n> --run-id <id> [--streams orders,order_lines] [--cause <event id>] [--traceparent <W3C traceparent>]';

/** @throws {UserError} JOB_ARGUMENTS naming the argument at fault. */
export function readRequest(argv: readonly string[]): TransformRequest {
  const string = { type: 'string' } as const;
  let values: object;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        manifest: string,
        attempt: string,
        streams: { ...string, default: '' },
        'run-id': string,
        cause: string,
        traceparent: string,
      },
    }));
  } catch (error) {
    throw refusal((error as Error).message);
  }
  const parsed = requestSchema.safeParse({ ...values });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw refusal(`--${issue.path.join('.')}: ${issue.message}`);
  }
  const { 'run-id': runId, manifest, attempt, streams, cause, traceparent } = parsed.data;
  return { manifest, attempt, streams, runId, cause, traceparent };
}

function refusal(reason: string): UserError {
  return new UserError('JOB_ARGUMENTS', `${reason}. Usage: ${USAGE}`);
}
