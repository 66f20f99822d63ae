import type { ChainEvent } from '@tributary/platform/events';

/** What went wrong, by the event's type; the rest is said by its code. */
const WHAT: Readonly<Partial<Record<ChainEvent['type'], string>>> = {
  'transform.finished': 'dbt failed',
  'quality.checked': 'A quality gate failed',
  'features.materialized': 'Features could not be put online',
};

/**
 * The message to people about a failure. It holds codes, names and counts only: an error's own text may quote a row, and chats are no place for a
 * person's data. Where to read it is said instead.
 */
export function failureMessage(event: ChainEvent): string {
  const gate = typeof event.detail.gate === 'string' ? ` (${event.detail.gate})` : '';
  const what = WHAT[event.type] ?? 'Something needs a look';
  const counts = Object.entries(event.counts).map(([name, count]) => `${name} ${count}`);
  return [
    `${what}${gate}: ${event.error?.code ?? event.type}`,
    ...(event.streams.length > 0 ? [`streams: ${event.streams.join(', ')}`] : []),
    ...(event.views.length > 0 ? [`views: ${event.views.join(', ')}`] : []),
    ...(counts.length > 0 ? [counts.join(', ')] : []),
    `run ${event.run_id}, ${event.time}`,
    `details: SELECT payload FROM ops.events WHERE event_id = '${event.event_id}'`,
  ].join('\n');
}

/** Whether people have to know. */
export function isFailure(event: ChainEvent): boolean {
  return event.status === 'failed' || event.type === 'incident.raised';
}
