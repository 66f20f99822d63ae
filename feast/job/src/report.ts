import { TransientError } from '@tributary/platform/errors';
import { type ChainEvent, chainEvent } from '@tributary/platform/events';
import type { Incident, KeptBack, OpenIncident } from '@tributary/platform/incidents';
import { type LineageEvent, lineageEvents, tableDataset } from '@tributary/platform/lineage';
import { z } from 'zod';

const failure = z.object({
  code: z.string(),
  message: z.string(),
  counts: z.record(z.string(), z.number()).optional(),
});

const done = z.object({
  rows: z.number(),
  /** Rows whose features were not online as they should be. */
  written: z.number(),
  online: z.number(),
  removed: z.number(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  seconds: z.number(),
});

/** What materialize.py prints. */
const resultSchema = z.object({
  applied: z.boolean().optional(),
  bytes_billed: z.number().default(0),
  peak_rss_mb: z.number().default(0),
  error: failure.optional(),
  views: z.record(z.string(), z.union([z.object({ error: failure }), z.object({ skipped: z.string() }), done])),
});

export type MaterializeResult = z.output<typeof resultSchema>;
type Failure = z.output<typeof failure>;

/** Who asked for the run, as the materialize function says it. */
export interface JobRun {
  readonly manifest: string;
  readonly attempt: number;
  readonly runId: string;
  readonly cause: string;
  readonly traceparent: string | undefined;
}

const RUNBOOK = 'materialize-failed';
/** The incident of a run that could not begin. */
const NOTHING_RAN = 'materialize';

/** Faults that pass: the run is not reported, so that the chain starts it again. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set(['UNAVAILABLE', 'VIEW_BUSY']);
/** Faults that another attempt would find as they are. */
const VERDICT_CODES: ReadonlySet<string> = new Set(['VIEW_UNKNOWN', 'MART_MISSING', 'CONFIG_INVALID']);

/** @throws {TransientError} MATERIALIZE_UNAVAILABLE where a view failed for a reason that passes. */
export function readResult(printed: unknown): MaterializeResult {
  const result = resultSchema.parse(printed);
  const passing = failures(result).find(({ code }) => TRANSIENT_CODES.has(code));
  if (passing) throw new TransientError('MATERIALIZE_UNAVAILABLE', passing.message);
  return result;
}

/** Of a run all of whose views are kept back. */
export const NOTHING_ASKED: MaterializeResult = { bytes_billed: 0, peak_rss_mb: 0, views: {} };

/**
 * `features.materialized`: the views that are online as their marts are; failed where any is not.
 *
 * @param held views that were left as they are online, and what keeps each back
 */
export function report(result: MaterializeResult, held: KeptBack, run: JobRun, startedAt: Date): ChainEvent {
  const online = doneViews(result);
  const failed = failures(result);
  const { manifest, attempt } = run;
  const sum = (count: 'removed' | 'written') => online.reduce((total, view) => total + view[count], 0);
  return chainEvent({
    type: 'features.materialized',
    runId: run.runId,
    cause: run.cause,
    startedAt,
    views: online.map(({ view }) => view),
    counts: {
      ...Object.fromEntries(online.map(({ view, rows }) => [view, rows])),
      ...{ written: sum('written'), removed: sum('removed'), peak_rss_mb: result.peak_rss_mb },
      held: Object.keys(held).length,
    },
    bytesBilled: result.bytes_billed,
    traceparent: run.traceparent,
    detail: {
      manifest,
      attempt,
      views: result.views,
      held,
      definitions_applied: result.applied ?? false,
      ...(failed.length > 0
        ? {
            incident: incidentsOf(result)[0]!.name,
            runbook: RUNBOOK,
            verdict: failed.every(({ code }) => VERDICT_CODES.has(code)),
          }
        : {}),
    },
    error: failed[0] ?? null,
    identity: [manifest, String(attempt)],
  });
}

/** One for each view that is not online as its mart is. */
export function incidentsOf(result: MaterializeResult): Incident[] {
  if (result.error) return [{ name: NOTHING_RAN, ...result.error, runbook: RUNBOOK }];
  return Object.entries(result.views).flatMap(([view, it]) =>
    'error' in it ? [{ name: incidentOf(view), ...it.error, views: [view], runbook: RUNBOOK }] : [],
  );
}

/** What is told of the end of an incident; undefined where the run did not put its view online. */
export function endOf(
  { incident }: OpenIncident,
  result: MaterializeResult,
): Readonly<Record<string, unknown>> | undefined {
  if (result.error) return undefined;
  const over = incident === NOTHING_RAN || doneViews(result).some(({ view }) => incidentOf(view) === incident);
  return over ? {} : undefined;
}

/** From each mart to its view online. */
export function lineageOf(
  result: MaterializeResult,
  run: JobRun,
  places: { readonly project: string; readonly redis: string },
  startedAt: Date,
  endedAt: Date,
): LineageEvent[] {
  const identity = [run.manifest, String(run.attempt)];
  return doneViews(result).flatMap(({ view, rows }) =>
    lineageEvents({
      ...{ job: `materialize.${view}`, integration: 'feast', jobType: 'JOB', identity: [...identity, view] },
      parent: { job: 'chain', identity: [run.runId] },
      startedAt,
      endedAt,
      inputs: [tableDataset(places.project, 'marts', view)],
      outputs: [{ namespace: `redis://${places.redis}`, name: `tributary.${view}`, rows }],
    }),
  );
}

function incidentOf(view: string): string {
  return `${NOTHING_RAN}:${view}`;
}

function doneViews(result: MaterializeResult) {
  return Object.entries(result.views).flatMap(([view, it]) => ('rows' in it ? [{ view, ...it }] : []));
}

function failures(result: MaterializeResult): Failure[] {
  const ofViews = Object.values(result.views).flatMap((it) => ('error' in it ? [it.error] : []));
  return result.error ? [result.error, ...ofViews] : ofViews;
}
