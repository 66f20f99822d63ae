import { createHash } from 'node:crypto';
import type { ChainEvent } from '@tributary/platform/events';
import { z } from 'zod';
import { factsOf } from './facts.ts';
import { incidentName, isFailure } from './naming.ts';
import { factsSchema, type Notice, noticeSchema } from './notice.ts';

const incidentSchema = z.object({
  state: z.enum(['open', 'cleared']),
  /** How often it was opened. */
  turn: z.int().min(0),
  facts: factsSchema.nullable(),
  /** Distinct events of this turn. */
  events: z.int().min(0),
  first: z.string(),
  last: z.string(),
  clearedAt: z.string().nullable(),
  /** When people were last told of it. */
  toldAt: z.string().nullable(),
  reminders: z.int().min(0),
});
type IncidentState = z.output<typeof incidentSchema>;

/** What is known of one place: of the incidents that are well again together. */
export const placeSchema = z.object({
  place: z.string(),
  incidents: z.record(z.string(), incidentSchema),
  /** Of the last events, so that one delivered again is not counted again. */
  seen: z.array(z.string()),
  /** What people are to be told of and what has not been handed to the channels yet. */
  due: z.array(noticeSchema),
  updatedAt: z.string(),
});
export type Place = z.output<typeof placeSchema>;

export interface IncidentRules {
  readonly remindAfterMs: number;
}

/** An event that is delivered again later than so many others is counted again; whom it concerns is not told again. */
const MAX_SEEN = 200;

/**
 * What an event makes of a place; undefined where it changes nothing.
 *
 *     (none) --failure--> open, "opened" is due --failure--> open; counted, and "reminder" is due where the last word is old
 *     open --cleared, or ok--> cleared, "cleared" is due --failure that is newer--> open again, "opened" is due
 *
 * An event that was seen changes nothing. One that is late changes no state: a failure from before the end that is known does not open the incident again, and an
 * end from before the last failure does not clear it. An end that comes before its failure is remembered, and its failure then opens nothing.
 */
export function after(
  known: Place | undefined,
  place: string,
  event: ChainEvent,
  now: Date,
  rules: IncidentRules,
): Place | undefined {
  const isNamedEnd = event.type === 'incident.cleared';
  // Nearly all events say that all is well where it was before; they are not worth a write.
  const isOpen = Object.values(known?.incidents ?? {}).some(({ state }) => state === 'open');
  if (!isOpen && !isFailure(event) && !isNamedEnd) return undefined;
  if (known?.seen.includes(event.event_id)) return undefined;
  const next: Place = {
    place,
    incidents: { ...known?.incidents },
    seen: [...(known?.seen ?? []), event.event_id].slice(-MAX_SEEN),
    due: [...(known?.due ?? [])],
    updatedAt: now.toISOString(),
  };
  if (isFailure(event)) {
    fail(next, event, now, rules);
    return next;
  }
  if (isNamedEnd && !next.incidents[place]) next.incidents[place] = unopened(event);
  for (const name of Object.keys(next.incidents)) clear(next, name, event, now);
  return next;
}

function fail(next: Place, event: ChainEvent, now: Date, rules: IncidentRules): void {
  const name = incidentName(event);
  const before = next.incidents[name];
  if (before?.state === 'open') {
    next.incidents[name] = again(next, name, before, event, now, rules);
  } else if (before?.clearedAt == null || isAfter(event.time, before.clearedAt)) {
    const opened: IncidentState = {
      ...{ state: 'open', turn: (before?.turn ?? 0) + 1, facts: factsOf(event), events: 1 },
      ...{ first: event.time, last: event.time, clearedAt: null, toldAt: now.toISOString(), reminders: 0 },
    };
    next.incidents[name] = opened;
    next.due.push(notice('opened', name, opened, now));
  }
}

function again(
  next: Place,
  name: string,
  before: IncidentState,
  event: ChainEvent,
  now: Date,
  rules: IncidentRules,
): IncidentState {
  const isNewest = !isAfter(before.last, event.time);
  const counted: IncidentState = {
    ...before,
    events: before.events + 1,
    first: isAfter(before.first, event.time) ? event.time : before.first,
    last: isNewest ? event.time : before.last,
    facts: isNewest ? factsOf(event) : before.facts,
  };
  if (now.getTime() - Date.parse(before.toldAt ?? before.first) < rules.remindAfterMs) return counted;
  const reminded = { ...counted, toldAt: now.toISOString(), reminders: before.reminders + 1 };
  next.due.push(notice('reminder', name, reminded, now));
  return reminded;
}

function clear(next: Place, name: string, event: ChainEvent, now: Date): void {
  const before = next.incidents[name]!;
  if (before.state === 'cleared') {
    if (isAfter(event.time, before.clearedAt ?? '')) next.incidents[name] = { ...before, clearedAt: event.time };
    return;
  }
  if (isAfter(before.last, event.time)) return;
  const cleared: IncidentState = { ...before, state: 'cleared', clearedAt: event.time, toldAt: now.toISOString() };
  next.incidents[name] = cleared;
  next.due.push(notice('cleared', name, cleared, now));
}

/** An end that came before what it ends. */
function unopened({ time }: ChainEvent): IncidentState {
  return {
    ...{ state: 'cleared', turn: 0, facts: null, events: 0, first: time, last: time },
    ...{ clearedAt: time, toldAt: null, reminders: 0 },
  };
}

function notice(kind: Notice['kind'], name: string, it: IncidentState, now: Date): Notice {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const { events, first, last } = it;
  // With the time: an incident that was forgotten meanwhile begins at its first turn again, and is news.
  const id = `${digest}-${now.getTime()}-${it.turn}-${kind}${kind === 'reminder' ? `-${it.reminders}` : ''}`;
  return { id, kind, at: now.toISOString(), facts: it.facts!, events, first, last };
}

/** Times have whatever precision their producers have, so they are compared as instants. */
function isAfter(a: string, b: string): boolean {
  const [left, right] = [Date.parse(a), Date.parse(b)];
  return Number.isNaN(right) || left > right;
}
