import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import fc from 'fast-check';
import { SingleNode } from '../redis/store.ts';
import type { Moment } from '../redis/timestamp.ts';
import { type RowToWrite, writeRows } from './compare-and-set.ts';

let stack: TestStack;
let store: SingleNode;

beforeAll(async () => {
  stack = await startComponents(['redis']);
  const [host, port] = stack.env.REDIS_ADDRESS!.split(':');
  store = new SingleNode({ host: host!, port: Number(port) }, {});
  await store.open();
}, 60_000);
afterAll(async () => {
  store?.close();
  await stack?.stop();
});
beforeEach(async () => {
  await ask('FLUSHALL');
  await ask('SCRIPT', 'FLUSH');
});

async function ask(...args: (string | Buffer)[]) {
  const [reply] = await store.write([{ key: KEY, args }]);
  return reply;
}

const KEY = Buffer.from('entity');
const TIMESTAMP_FIELD = Buffer.from('_ts:view');

function row(time: Moment, value: string): RowToWrite {
  return { key: KEY, time, fields: [Buffer.from('value'), Buffer.from(value)] };
}

const write = (rows: readonly RowToWrite[], equalWins = true, keyTtlSeconds = 0) =>
  writeRows(store, TIMESTAMP_FIELD, rows, { equalWins, keyTtlSeconds });
const stored = async () => String(await ask('HGET', KEY, 'value'));

test('a newer row wins and an older one is left out; of one time the newer write wins, or as in Feast the older', async () => {
  const put = async (seconds: number, nanos: number, value: string, equalWins = true) =>
    write([row({ seconds, nanos }, value)], equalWins);
  expect([await put(10, 5, 'first'), await stored()]).toEqual([1, 'first']);
  expect([await put(10, 4, 'older'), await stored()]).toEqual([0, 'first']);
  expect([await put(9, 999_999_999, 'older'), await stored()]).toEqual([0, 'first']);
  expect([await put(10, 5, 'same', false), await stored()]).toEqual([0, 'first']);
  expect([await put(10, 5, 'same'), await stored()]).toEqual([1, 'same']);
  expect([await put(10, 6, 'newer'), await stored()]).toEqual([1, 'newer']);
});

test('in any order, any number of times and in any batches, the newest row is what remains', async () => {
  // To the year 9999, the last that a Timestamp may hold; what lies before 1970 counts as no time, as in Feast.
  const moment = fc.record({
    seconds: fc.oneof(fc.integer({ min: 1, max: 253_402_300_799 }), fc.integer({ min: 1, max: 3 })),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 1, maxLength: 12 }), fc.nat(3), async (moments, split) => {
      await ask('DEL', KEY);
      const rows = moments.map((at) => row(at, `${at.seconds}.${at.nanos}`));
      await Promise.all([write(rows.slice(0, split)), write(rows.slice(split))]);
      await write([rows[0]!]);
      const newest = moments.reduce((a, b) => ((b.seconds - a.seconds || b.nanos - a.nanos) > 0 ? b : a));
      expect(await stored()).toBe(`${newest.seconds}.${newest.nanos}`);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['empty, which is 1970', Buffer.alloc(0)],
  ['no timestamp', Buffer.from('garbage')],
  ['cut off', Buffer.from([8, 0xff])],
])('a stored timestamp that is %s does not stand in the way', async (_case, bytes) => {
  await ask('HSET', KEY, TIMESTAMP_FIELD, bytes);
  expect(await write([row({ seconds: 1_000, nanos: 0 }, 'value')])).toBe(1);
});

test('a Redis that was restarted, and has no scripts, is brought the script', async () => {
  await write([row({ seconds: 1, nanos: 0 }, 'a')]);
  await ask('SCRIPT', 'FLUSH');
  expect(await write([row({ seconds: 2, nanos: 0 }, 'b')])).toBe(1);
  expect(await stored()).toBe('b');
});

test('an entity is forgotten after its ttl, and kept without one', async () => {
  await write([row({ seconds: 1, nanos: 0 }, 'a')]);
  expect(await ask('TTL', KEY)).toBe(-1);
  await write([row({ seconds: 2, nanos: 0 }, 'b')], true, 1_000);
  expect(await ask('TTL', KEY)).toBeGreaterThan(0);
});
