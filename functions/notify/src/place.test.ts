import { describe, expect, test } from '@jest/globals';
import { type ChainEvent, type ChainEventInput, chainEvent } from '@tributary/platform/events';
import fc from 'fast-check';
import { placeOf } from './naming.ts';
import { after, type Place } from './place.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 21, 12);
const rules = { remindAfterMs: 24 * HOUR };

/** At so many minutes after noon. */
function event(minute: number, input: Partial<ChainEventInput> = {}): ChainEvent {
  const finishedAt = new Date(NOON + minute * 60_000);
  return chainEvent({ type: 'transform.finished', runId: `run-${minute}`, streams: ['orders'], finishedAt, ...input });
}
const failure = (minute: number, code = 'DBT_NODES_FAILED') => event(minute, { error: { code, message: 'a row' } });
const named = (minute: number) =>
  event(minute, {
    type: 'incident.raised',
    detail: { incident: 'gate:x' },
    error: { code: 'GATE_FAILED', message: '' },
  });
const cleared = (minute: number) => event(minute, { type: 'incident.cleared', detail: { incident: 'gate:x' } });

/** What is due after events have come in this order, each at its own time. */
function told(events: readonly ChainEvent[]): string[] {
  let place: Place | undefined;
  for (const each of events) place = after(place, placeOf(each), each, new Date(each.time), rules) ?? place;
  return place?.due.map(({ kind, facts }) => `${kind} ${facts.code}`) ?? [];
}

describe('incidents', () => {
  test('one that many events tell of is told once, with how many there were', () => {
    expect(told([failure(0), failure(1), failure(2)])).toEqual(['opened DBT_NODES_FAILED']);
    let place: Place | undefined;
    for (const each of [failure(0), failure(1), failure(1), failure(2)])
      place = after(place, placeOf(each), each, new Date(each.time), rules) ?? place;
    expect(Object.values(place!.incidents)).toMatchObject([{ state: 'open', events: 3, turn: 1 }]);
  });

  test('what is well, and always was, is nothing', () => {
    expect(after(undefined, 'p', event(0), new Date(NOON), rules)).toBeUndefined();
  });

  test('different codes at one place are different incidents, and the same success ends both', () => {
    expect(told([failure(0, 'A'), failure(1, 'B'), event(2)])).toEqual([
      'opened A',
      'opened B',
      'cleared A',
      'cleared B',
    ]);
  });

  test('a success elsewhere ends nothing', () => {
    expect(placeOf(event(0, { streams: ['customers'] }))).not.toBe(placeOf(failure(0)));
    expect(placeOf(event(0, { type: 'quality.checked' }))).not.toBe(placeOf(failure(0)));
  });

  test('one with a name ends with its name only', () => {
    expect(placeOf(named(0))).toBe('gate:x');
    expect(told([named(0), named(1), cleared(2)])).toEqual(['opened GATE_FAILED', 'cleared GATE_FAILED']);
  });

  test('one that comes back is told again', () => {
    expect(told([named(0), cleared(1), named(2), cleared(3)])).toEqual([
      ...['opened GATE_FAILED', 'cleared GATE_FAILED', 'opened GATE_FAILED', 'cleared GATE_FAILED'],
    ]);
  });

  test('an end that comes before its beginning leaves nothing open and nothing said', () => {
    expect(told([cleared(2), named(1)])).toEqual([]);
    expect(told([cleared(2), named(3)])).toEqual(['opened GATE_FAILED']);
  });

  test('an end of an earlier time does not end what failed since', () => {
    expect(told([named(1), named(5), cleared(3)])).toEqual(['opened GATE_FAILED']);
  });

  test('one that is still open is told again after a day, if it goes on', () => {
    const day = 24 * 60;
    expect(told([named(0), named(day - 1)])).toHaveLength(1);
    expect(told([named(0), named(day), named(day + 1)])).toEqual(['opened GATE_FAILED', 'reminder GATE_FAILED']);
    expect(told([named(0), named(day), named(2 * day)])).toHaveLength(3);
  });

  test('every notice has an id of its own, and the same whoever makes it', () => {
    const day = 24 * 60;
    const ids = () => {
      let place: Place | undefined;
      for (const each of [named(0), named(day), named(2 * day), cleared(2 * day + 1), named(2 * day + 2)])
        place = after(place, 'gate:x', each, new Date(each.time), rules) ?? place;
      return place!.due.map(({ id }) => id);
    };
    expect(new Set(ids()).size).toBe(5);
    expect(ids()).toEqual(ids());
  });

  test('in whatever order and however often events come: messages open and end in turn, and none is told twice', () => {
    const minutes = fc.integer({ min: 0, max: 600 });
    const some = fc.oneof(minutes.map(named), minutes.map(cleared));
    fc.assert(
      fc.property(fc.array(some, { maxLength: 25 }), (events) => {
        let place: Place | undefined;
        for (const each of [...events, ...events]) place = after(place, 'gate:x', each, new Date(NOON), rules) ?? place;
        const kinds = place?.due.map(({ kind }) => kind) ?? [];
        for (const [index, kind] of kinds.entries()) expect(kind).toBe(index % 2 === 0 ? 'opened' : 'cleared');
        expect(new Set(place?.due.map(({ id }) => id)).size).toBe(kinds.length);
        // Whatever came in between, the last word is with the newest event.
        const times = (type: string) => events.filter((each) => each.type === type).map((each) => each.time);
        const newest = (type: string) => times(type).sort().at(-1) ?? '';
        const isOpen = Object.values(place?.incidents ?? {}).some(({ state }) => state === 'open');
        expect(isOpen).toBe(newest('incident.raised') > newest('incident.cleared'));
      }),
      { numRuns: 500 },
    );
  });
});
