import type { ChainEvent, ChainEventType } from '../events/index.ts';
import { count, measure, set } from './record.ts';

/** What each event says has ended. `landing.accepted` begins what `landing.ingested` ends. */
const STAGE: Readonly<Partial<Record<ChainEventType, string>>> = {
  'warehouse.loaded': 'load',
  'transform.finished': 'transform',
  'quality.checked': 'quality',
  'features.materialized': 'materialize',
  'landing.ingested': 'landing',
};

/** Counts a chain event once: whoever calls it sees to that. */
export function recordChainEvent(event: ChainEvent): void {
  const { type, status: outcome, error, counts } = event;
  const code = error?.code ?? '';
  if (type === 'incident.raised') count('tributary.incident.events', 1, { event: 'raised', code });
  if (type === 'incident.cleared') count('tributary.incident.events', 1, { event: 'cleared', code });
  const stage = STAGE[type];
  if (stage === undefined) return;
  count('tributary.stage.runs', 1, { stage, outcome, code });
  measure('tributary.stage.duration', event.duration_ms / 1_000, { stage, outcome });
  count('tributary.stage.bytes_billed', event.bytes_billed, { stage });
  if (counts.waited_ms_max !== undefined) measure('tributary.stage.waited', counts.waited_ms_max / 1_000, { stage });
  if (counts.bytes !== undefined) count('tributary.stage.bytes', counts.bytes, { stage, of: only(event.streams) });
  for (const [of, rows] of rowsOf(event)) count('tributary.stage.rows', rows, { stage, of });
  for (const [view, newest] of newestOf(event)) set('tributary.view.newest_event', newest, { view });
}

/** `rows` of the streams, and of each view the count of its name. */
function rowsOf({ streams, views, counts }: ChainEvent): [string, number][] {
  const ofViews = views.flatMap((view): [string, number][] =>
    counts[view] === undefined ? [] : [[view, counts[view]]],
  );
  return counts.rows === undefined ? ofViews : [[only(streams), counts.rows], ...ofViews];
}

function only(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : 'several';
}

/** `features.materialized` says of each view up to which event timestamp it is online. */
function newestOf({ type, detail }: ChainEvent): [string, number][] {
  if (type !== 'features.materialized') return [];
  return Object.entries((detail.views ?? {}) as Record<string, { to?: unknown }>).flatMap(([view, { to }]) =>
    typeof to === 'string' ? [[view, Date.parse(to) / 1_000] as [string, number]] : [],
  );
}
