import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { answerObserver, FeatureMetrics } from '../metrics/index.ts';
import type { ReadAnswer } from '../online/get-online-features.ts';
import type { PlannedView } from '../online/plan.ts';
import { ValueType } from '../registry/value-type.ts';
import { encodeTimestamp, encodeValue } from '../value/encode.ts';
import { writeStrictAnswer } from './answer.ts';

const NOW = 1_800_000_000;

/** One view with the features a and b, and a row of stored bytes for each entity; undefined: Redis has no such field. */
function answerOf(ttlSeconds: number, rows: readonly (readonly (Buffer | undefined)[])[]): ReadAnswer {
  const fields = rows.flat();
  const bytes = Buffer.concat(fields.map((field) => field ?? Buffer.alloc(0)));
  const index = new Array<number>(fields.length * 2).fill(0);
  let at = 0;
  fields.forEach((field, position) => {
    index[position * 2] = at;
    index[position * 2 + 1] = field?.length ?? -1;
    at += field?.length ?? 0;
  });
  const view = {
    view: { name: 'stats', ttlSeconds },
    nameInUse: 'alias',
    cleanName: 'alias',
    features: ['a', 'b'],
    width: 3,
  };
  return {
    plan: { views: [view as unknown as PlannedView] } as unknown as ReadAnswer['plan'],
    rows: rows.length,
    keys: new Map([['id', rows.map((_, row) => ({ type: ValueType.INT64, data: row }))]]),
    values: { bytes, index },
    versionMetadata: false,
    fullFeatureNames: true,
  };
}

const int = (data: number) => encodeValue({ type: ValueType.INT64, data });
const rowAt = (seconds: number, a: Buffer | undefined, b: Buffer | undefined) => [a, b, encodeTimestamp(seconds, 0)];
/** `feast.types.Value` with null_val, as some writers put it. */
const EXPLICIT_NULL = Buffer.from([0x98, 0x01, 0x00]);

const strict = (answer: ReadAnswer) =>
  JSON.parse(writeStrictAnswer(answer, NOW).toString()) as {
    results: { values: unknown[]; statuses: string[]; event_timestamps: string[] }[];
    metadata: { feature_names: string[]; freshness: (Record<string, unknown> | null)[] };
  };

test('each value has the status of its row and of itself, and only what is present is given out', () => {
  const { results, metadata } = strict(
    answerOf(60, [
      rowAt(NOW - 60, int(1), int(2)),
      rowAt(NOW - 61, int(3), int(4)),
      rowAt(NOW, EXPLICIT_NULL, Buffer.alloc(0)),
      rowAt(NOW, undefined, int(5)),
      [undefined, undefined, undefined],
    ]),
  );
  expect(metadata.feature_names).toEqual(['id', 'alias__a', 'alias__b']);
  expect(results.map(({ statuses }) => statuses)).toEqual([
    Array(5).fill('PRESENT'),
    ['PRESENT', 'OUTSIDE_MAX_AGE', 'NULL_VALUE', 'NULL_VALUE', 'NOT_FOUND'],
    ['PRESENT', 'OUTSIDE_MAX_AGE', 'NULL_VALUE', 'PRESENT', 'NOT_FOUND'],
  ]);
  expect(results.map(({ values }) => values)).toEqual([
    [0, 1, 2, 3, 4],
    [1, null, null, null, null],
    [2, null, null, 5, null],
  ]);
  expect(metadata.freshness).toEqual([
    null,
    ...Array(2).fill({
      feature_view: 'alias',
      oldest_event_timestamp: '2027-01-15T07:58:59Z',
      newest_event_timestamp: '2027-01-15T08:00:00Z',
      max_age_seconds: 60,
    }),
  ]);
});

test('a ttl of zero is for ever', () => {
  const { results, metadata } = strict(answerOf(0, [rowAt(1, int(1), int(2))]));
  expect(results[1]!.statuses).toEqual(['PRESENT']);
  expect(metadata.freshness[1]!.max_age_seconds).toBeNull();
});

test('without rows the answer is as long as it should be: empty', () => {
  const { results, metadata } = strict(answerOf(60, []));
  expect(results).toEqual(Array(3).fill({ values: [], statuses: [], event_timestamps: [] }));
  expect(metadata.freshness[1]).toMatchObject({ oldest_event_timestamp: null, newest_event_timestamp: null });
});

test('what is no Value is 503, and the next answer is well', () => {
  const garbled = answerOf(0, [rowAt(1, Buffer.from([0xff, 0xff]), int(2))]);
  expect(() => strict(garbled)).toThrow(expect.objectContaining({ code: 'ONLINE_STORE_UNAVAILABLE', status: 503 }));
  expect(strict(answerOf(0, [rowAt(1, int(1), int(2))])).results[1]!.values).toEqual([1]);
});

test('metrics count values by status whatever the semantics', async () => {
  const registry = new Registry();
  const now = Math.floor(Date.now() / 1_000);
  answerObserver(new FeatureMetrics(registry))(
    answerOf(3_600, [
      rowAt(now - 10, int(1), Buffer.alloc(0)),
      rowAt(now - 7_200, int(1), int(1)),
      [undefined, undefined, undefined],
    ]),
  );
  const shown = await registry.metrics();
  const counts = (feature: string) =>
    ['present', 'null', 'not_found', 'outside_max_age'].map((status) =>
      Number(new RegExp(`feature="${feature}",status="${status}"\\} (\\d+)`).exec(shown)?.[1]),
    );
  expect([counts('a'), counts('b')]).toEqual([
    [1, 0, 1, 1],
    [0, 1, 1, 1],
  ]);
  expect(shown).toContain('feast_online_features_age_seconds_count{feature_view="stats"} 2');
});
