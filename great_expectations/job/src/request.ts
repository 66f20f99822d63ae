import { parseArgs } from 'node:util';
import type { Mappings } from '@tributary/platform/contracts';
import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';

/** What is to be checked, and for whom. */
export interface GateRequest {
  readonly gate: 'warehouse' | 'landing';
  /** The commit this run ends, and which attempt at it this is. docs/interfaces.md#chain-event-tributarychain-type-devtributarynamev1 */
  readonly manifest: string;
  readonly attempt: number;
  readonly runId: string;
  readonly cause: string;
  readonly traceparent: string | undefined;
  readonly streams: readonly string[];
  readonly views: readonly string[];
  /** The landing gate's object, `bucket/name#generation`, and the dataset it was dropped for. */
  readonly object: string | undefined;
  readonly dataset: string | undefined;
}

const USAGE =
  '--gate warehouse [--streams a,b] [--views a,b] | --gate landing --object bucket/name#generation --dataset NAME; and --manifest ID --attempt N --run-id ID --cause ID [--traceparent T]';

const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter(Boolean));

const argumentsSchema = z.object({
  gate: z.enum(['warehouse', 'landing']),
  manifest: z.string().min(1),
  attempt: z.coerce.number().int().min(1),
  'run-id': z.string().min(1),
  cause: z.string().min(1),
  traceparent: z.string().optional(),
  streams: list,
  views: list,
  object: z.string().optional(),
  dataset: z.string().optional(),
});

/**
 * @param mappings which datasets are not called like their stream
 * @throws {UserError} ARGUMENTS_INVALID with the usage.
 */
export function readRequest(argv: readonly string[], mappings: Mappings): GateRequest {
  const options = Object.fromEntries(Object.keys(argumentsSchema.shape).map((it) => [it, { type: 'string' as const }]));
  let values: unknown;
  try {
    values = parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw refused((error as Error).message);
  }
  const parsed = argumentsSchema.safeParse(values);
  if (!parsed.success) throw refused(`--${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`);
  const { 'run-id': runId, dataset, ...rest } = parsed.data;
  if (rest.gate === 'landing' && (rest.object === undefined || dataset === undefined)) {
    throw refused('--gate landing needs --object and --dataset');
  }
  return {
    ...rest,
    runId,
    traceparent: rest.traceparent,
    object: rest.object,
    dataset,
    streams: dataset === undefined ? rest.streams : [mappings.get(dataset)?.stream ?? dataset],
  };
}

/** Bucket and name of `bucket/name#generation`. */
export function objectOf(reference: string): { bucket: string; name: string; generation: string } {
  const match = /^(?<bucket>[^/]+)\/(?<name>.+)#(?<generation>\d+)$/.exec(reference);
  if (!match?.groups) throw refused(`--object is "${reference}"`);
  const { bucket, name, generation } = match.groups;
  return { bucket: bucket!, name: name!, generation: generation! };
}

function refused(reason: string): UserError {
  return new UserError('ARGUMENTS_INVALID', `${reason}. Usage: node main.ts ${USAGE}`);
}
