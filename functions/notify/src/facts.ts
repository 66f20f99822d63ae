import type { ChainEvent } from '@tributary/platform/events';
import { incidentName } from './naming.ts';
import type { Facts } from './notice.ts';
import { runbookOf } from './runbooks.ts';

/** What of a detail is told: these name things of ours. Others may quote a value, and an error's message may quote a row. */
const TOLD = ['stage', 'gate', 'object', 'asset', 'manifest', 'job', 'columns', 'day', 'dearest_stage'];

const MAX_DETAIL = 200;
const MAX_SAMPLES = 3;
const MAX_SAMPLE = 300;
const MAX_NAMES = 30;

/**
 * What people are told of an event. It holds codes, names and counts only: an error's own text may quote a row, and chats are no place for a person's
 * data. Samples are told where the event has them as `detail.samples`, which is for values that hold nothing personal.
 */
export function factsOf(event: ChainEvent): Facts {
  const { detail, streams, views, counts } = event;
  const details: Record<string, string | number> = {};
  for (const name of TOLD) {
    const value = detail[name];
    if (typeof value === 'number') details[name] = value;
    else if (typeof value === 'string' && value !== '') details[name] = value.slice(0, MAX_DETAIL);
  }
  const samples: unknown[] = Array.isArray(detail.samples) ? detail.samples : [];
  return {
    name: incidentName(event).slice(0, MAX_DETAIL * 2),
    code: event.error?.code ?? event.type,
    type: event.type,
    details,
    streams: streams.slice(0, MAX_NAMES),
    views: views.slice(0, MAX_NAMES),
    counts: Object.fromEntries(Object.entries(counts).slice(0, MAX_NAMES)),
    samples: samples.slice(0, MAX_SAMPLES).map((sample) => JSON.stringify(sample).slice(0, MAX_SAMPLE)),
    runId: event.run_id,
    eventId: event.event_id,
    runbook: runbookOf(event) ?? null,
  };
}
