import { describe, expect, test } from '@jest/globals';
import { parseChangeEvent } from '@tributary/platform/events';
import { type Expected, type LoadMessage, PRODUCTS, shopChanges } from './shop-changes.ts';

const EVENTS = 20_000;

function all(events: number, seed?: number): { messages: LoadMessage[]; expected: Expected } {
  const changes = shopChanges(events, seed);
  const messages: LoadMessage[] = [];
  for (;;) {
    const next = changes.next();
    if (next.done === true) return { messages, expected: next.value };
    messages.push(next.value);
  }
}

const { messages, expected } = all(EVENTS);
const read = messages.flatMap(({ message }) => {
  try {
    return [parseChangeEvent(message.data)];
  } catch {
    return [];
  }
});
const distinct = [...new Map(read.map((event) => [event.event_id, event])).values()];

describe('the changes of a shop', () => {
  test('the same number gives the same events', () => {
    const ids = (list: readonly LoadMessage[]): unknown[] => list.map(({ message }) => message.attributes.id);
    expect(ids(all(2_000).messages)).toEqual(ids(all(2_000).messages));
    expect(ids(all(2_000, 1).messages)).not.toEqual(ids(all(2_000, 2).messages));
  });

  test('what is expected of them is what they hold', () => {
    const lines = distinct.filter(({ stream }) => stream === 'order_lines');
    const good = lines.filter(({ after }) => Number(after?.quantity) > 0);
    const unreadable = messages.length - read.length;
    expect(messages).toHaveLength(expected.messages);
    expect(distinct.length + unreadable).toBe(expected.rawRows);
    expect(good).toHaveLength(expected.orderLineRows);
    expect(lines.length - good.length + unreadable).toBe(expected.deadLetters);
    expect(distinct.length - lines.length).toBe(expected.productRows);
    expect(good.filter(({ op, after }) => op === 'c' && after?.customer_id !== null)).toHaveLength(
      expected.featureEvents,
    );
    expect(read.length - distinct.length).toBe(expected.duplicates);
  });

  test('one in a hundred is told twice, near or far, and one in ten thousand is bad', () => {
    expect(expected.duplicates / EVENTS).toBeGreaterThan(0.007);
    expect(expected.duplicates / EVENTS).toBeLessThan(0.013);
    expect(expected.deadLetters).toBe(2);
    const places = new Map<string, number>();
    const distances = messages.flatMap(({ message }, place) => {
      const id = message.attributes.id ?? '';
      const before = places.get(id);
      places.set(id, place);
      return before === undefined ? [] : [place - before];
    });
    expect(distances.filter((distance) => distance <= 250).length).toBeGreaterThan(20);
    expect(distances.filter((distance) => distance >= 5_000).length).toBeGreaterThan(20);
  });

  test('the log position grows as a write-ahead log does, and event time never goes back among new lines', () => {
    const lsns = distinct.map(({ source }) => Number(source.lsn));
    const steps = lsns.slice(1).map((lsn, index) => lsn - (lsns[index] ?? 0));
    // What could not be read took its part of the log as well.
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(150);
    expect(Math.max(...steps)).toBeLessThanOrEqual(2 * 250);
    const times = distinct
      .filter(({ op, stream }) => op === 'c' && stream === 'order_lines')
      .map(({ after }) => String(after?.order_time));
    expect(times).toEqual([...times].sort());
  });

  test('a message is of about five hundred bytes and has its key', () => {
    const lines = messages.filter(({ message }) => message.attributes.subject === 'order_lines');
    const bytes = lines.reduce((sum, { message }) => sum + message.data.length, 0) / lines.length;
    expect(bytes).toBeGreaterThan(480);
    expect(bytes).toBeLessThan(600);
    expect(lines[0]?.message.orderingKey).toMatch(/^order_lines:\{"order_line_id":"\d+-\d"}$/);
  });

  test('the catalogue comes first, and each partition ends with an event a day later', () => {
    expect(new Set(messages.slice(0, PRODUCTS).map(({ message }) => message.attributes.subject))).toEqual(
      new Set(['products']),
    );
    const last = messages.slice(-4);
    expect(last.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    const times = distinct.flatMap(({ stream, after }) =>
      stream === 'order_lines' ? [String(after?.order_time)] : [],
    );
    const newest = times.sort().at(-1) ?? '';
    for (const { message } of last) {
      const closing = String(parseChangeEvent(message.data).after?.updated_at);
      expect(Date.parse(closing) - Date.parse(newest)).toBeGreaterThan(86_000_000);
    }
  });
});
