import type { Bus } from '@tributary/platform/bus';
import { type ChainEvent, chainMessage } from '@tributary/platform/events';
import { Incidents, sortOut, viewsKeptBack } from '@tributary/platform/incidents';
import type { Lake } from '@tributary/platform/lake';
import { keepLineage, type LineageEvent } from '@tributary/platform/lineage';
import type { Logger } from '@tributary/platform/log';
import {
  endOf,
  incidentsOf,
  type JobRun,
  lineageOf,
  type MaterializeResult,
  NOTHING_ASKED,
  readResult,
  report,
} from './report.ts';

/** Whose incidents keep a view offline: of what it is made from, and of what it is. */
const JUDGES = ['transform', 'validate'];

export interface MaterializePorts {
  readonly bus: Pick<Bus, 'publish'>;
  /** Lineage and open incidents. */
  readonly store: { readonly lake: Lake; readonly bucket: string };
  /** Where views come from and go to, as lineage names it. */
  readonly places: { readonly project: string; readonly redis: string };
  /** Makes views online equal to their marts; what it printed. */
  readonly feast: (views: readonly string[]) => Promise<unknown>;
  /** Tells the receiver of lineage, if there is one; never throws. */
  readonly sendLineage: (events: readonly LineageEvent[]) => Promise<void>;
  readonly log: Logger;
}

/**
 * Makes views online equal to their marts and reports `features.materialized`: the report ends the request.
 *
 * The mart is read as it is now, while the gate that let the view go on may have looked at an older one: so a view is left out that something of
 * dbt or of the gates keeps back now. That is no failure. It is asked for again by the gate that finds it right.
 *
 * @throws {TransientError} MATERIALIZE_UNAVAILABLE, unreported; and what lake and bus throw. The chain starts the run again.
 */
export async function materialize(
  views: readonly string[],
  run: JobRun,
  { bus, store, places, feast, sendLineage, log }: MaterializePorts,
): Promise<ChainEvent> {
  const startedAt = new Date();
  const { free: asked, held } = sortOut(views, await viewsKeptBack(store.lake, store.bucket, JUDGES));
  if (asked.length < views.length) log.warn({ run_id: run.runId, held }, 'views were left as they are online');
  const result = asked.length === 0 ? NOTHING_ASKED : readResult(await feast(asked));
  const lineage = lineageOf(result, run, places, startedAt, new Date());
  if (asked.length > 0) {
    await keepLineage(store, `${run.manifest}-${run.attempt}`, lineage);
    await settle(result, run, startedAt, bus, store);
  }
  const event = report(result, held, run, startedAt);
  await bus.publish('chain', [chainMessage(event)]);
  const { run_id, traceparent, status, counts, duration_ms, error } = event;
  log.info({ run_id, traceparent, status, views: event.views, counts, duration_ms, error }, 'features materialized');
  await sendLineage(lineage);
  return event;
}

function settle(
  result: MaterializeResult,
  run: JobRun,
  startedAt: Date,
  bus: MaterializePorts['bus'],
  { lake, bucket }: MaterializePorts['store'],
): Promise<void> {
  return new Incidents(lake, bucket, 'materialize').settle(
    incidentsOf(result),
    (open) => endOf(open, result),
    { ...run, startedAt },
    (events) => bus.publish('chain', events.map(chainMessage)),
  );
}
