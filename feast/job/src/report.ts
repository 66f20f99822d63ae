import { TransientError } from '@tributary/platform/errors';
import { type ChainEvent, chainEvent } from '@tributary/platform/events';
import { z } from 'zod';

const failure = z.object({ code: z.string(), message: z.string() });

/** What materialize.py prints. */
const resultSchema = z.object({
  applied: z.boolean().optional(),
  bytes_billed: z.number().default(0),
  error: failure.optional(),
  views: z.record(
    z.string(),
    z.union([
      z.object({ error: failure }),
      z.object({ skipped: z.string() }),
      z.object({
        rows: z.number(),
        online: z.number(),
        removed: z.number(),
        from: z.string().nullable(),
        to: z.string().nullable(),
        seconds: z.number(),
      }),
    ]),
  ),
});

export type MaterializeResult = z.output<typeof resultSchema>;

/** Who asked for the run, as the materialize function says it. */
export interface JobRun {
  readonly manifest: string;
  readonly attempt: number;
  readonly runId: string;
  readonly cause: string;
  readonly traceparent: string | undefined;
}

/** Faults that pass: the run is not reported, so that the chain starts it again. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set(['UNAVAILABLE', 'VIEW_BUSY']);

/** @throws {TransientError} MATERIALIZE_UNAVAILABLE where a view failed for a reason that passes. */
export function readResult(printed: unknown): MaterializeResult {
  const result = resultSchema.parse(printed);
  const passing = failures(result).find(({ code }) => TRANSIENT_CODES.has(code));
  if (passing) throw new TransientError('MATERIALIZE_UNAVAILABLE', passing.message);
  return result;
}

/** `features.materialized`: the views that are online as their marts are; failed where any is not. */
export function report(result: MaterializeResult, run: JobRun, startedAt: Date): ChainEvent {
  const done = Object.entries(result.views).flatMap(([view, it]) => ('rows' in it ? [{ view, ...it }] : []));
  const [error] = failures(result);
  const { manifest, attempt } = run;
  return chainEvent({
    type: 'features.materialized',
    runId: run.runId,
    cause: run.cause,
    startedAt,
    views: done.map(({ view }) => view),
    counts: {
      ...Object.fromEntries(done.map(({ view, rows }) => [view, rows])),
      removed: done.reduce((sum, { removed }) => sum + removed, 0),
    },
    bytesBilled: result.bytes_billed,
    traceparent: run.traceparent,
    detail: { manifest, attempt, views: result.views, definitions_applied: result.applied ?? false },
    error: error ?? null,
    identity: [manifest, String(attempt)],
  });
}

function failures(result: MaterializeResult): { code: string; message: string }[] {
  const ofViews = Object.values(result.views).flatMap((it) => ('error' in it ? [it.error] : []));
  return result.error ? [result.error, ...ofViews] : ofViews;
}
