import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadFeatures } from '@tributary/features';
import type { Bus, BusMessage } from '@tributary/platform/bus';
import { loadContracts } from '@tributary/platform/contracts';
import { ErasedSubjects } from '@tributary/platform/erasures';
import { TransientError, UserError } from '@tributary/platform/errors';
import { type FeatureRow, featureMessage, parseDeadLetter } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import { RecordedMetrics } from '@tributary/platform/metrics/testing';
import { erasureIds, parsePiiKeys } from '@tributary/platform/pii';
import fc from 'fast-check';
import { newestPerEntity } from './coalesce.ts';
import { type PushRow, pushedViews, toPushRow } from './feature-view.ts';
import { FeatureIntake } from './intake.ts';

const log = createLogger('test', { level: 'silent' });
const views = pushedViews(loadFeatures());

let writes: (readonly PushRow[])[];
let answer: (rows: readonly PushRow[]) => number;
let deadLetters: BusMessage[];
let erased: ErasedSubjects;
let recorded: RecordedMetrics;
let intake: FeatureIntake;

beforeEach(() => {
  [writes, deadLetters] = [[], []];
  answer = (rows) => rows.length;
  erased = erasing();
  recorded = new RecordedMetrics();
  const bus: Pick<Bus, 'publish'> = { publish: async (_topic, letters) => void deadLetters.push(...letters) };
  const online = {
    async write(_view: unknown, rows: readonly PushRow[]) {
      const written = answer(rows);
      writes.push(rows);
      return written;
    },
  };
  intake = new FeatureIntake({ online, bus, views, erased: async () => erased, log });
});
afterEach(() => recorded.stop());

const KEYS = parsePiiKeys(JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } }));
const CONTRACTS = loadContracts();

function erasing(...customers: string[]): ErasedSubjects {
  const ids = customers.flatMap((customer) => erasureIds('customer', customer, KEYS));
  return new ErasedSubjects(new Map([['customer', new Set(ids)]]), CONTRACTS, KEYS);
}

/** A row of the customer whose n-th event it is. */
function row(customer: number, n: number, more: Partial<FeatureRow> = {}): FeatureRow {
  return {
    view: 'customer_activity',
    entity: { customer_id: customer },
    event_time: '2011-12-09T12:50:00.000000Z',
    event_timestamp: `2011-12-09T12:50:00.${String(n).padStart(6, '0')}Z`,
    latest: true,
    features: { events_5m: n, events_1h: n, events_24h: n, spend_5m: '0', spend_1h: '12.5', spend_24h: '130.25' },
    event_id: '0'.repeat(32),
    emitted_at: '2026-11-21T05:20:02.456Z',
    ...more,
  };
}

const messages = (...rows: FeatureRow[]): BusMessage[] => rows.map((it) => featureMessage(it));
const letters = () => deadLetters.map((message) => parseDeadLetter(message.data));

describe('the intake of feature rows', () => {
  test('of a batch the newest row of each entity is written, money as doubles, time to the microsecond', async () => {
    await intake.handle(messages(row(1, 1), row(1, 3), row(1, 2), row(2, 7)));
    expect(writes.map((rows) => rows.map(({ view, ...rest }) => ({ ...rest, view: view.name })))).toEqual([
      [
        {
          view: 'customer_activity',
          entity: 1,
          eventTimestamp: '2011-12-09T12:50:00.000003Z',
          features: [3, 3, 3, 0, 12.5, 130.25],
        },
        {
          view: 'customer_activity',
          entity: 2,
          eventTimestamp: '2011-12-09T12:50:00.000007Z',
          features: [7, 7, 7, 0, 12.5, 130.25],
        },
      ],
    ]);
  });

  test("rows of an entity's earlier event times do not go online", async () => {
    await intake.handle(messages(row(1, 9, { latest: false })));
    expect(writes).toEqual([]);
  });

  test('nothing is acknowledged, and nothing is a dead letter, while the online store is away', async () => {
    answer = () => {
      throw new TransientError('ONLINE_STORE_UNAVAILABLE', 'gone');
    };
    await expect(intake.handle(messages(row(1, 1)))).rejects.toMatchObject({ code: 'ONLINE_STORE_UNAVAILABLE' });
    expect(deadLetters).toEqual([]);
  });

  test('nothing is acknowledged while its dead letter is not on the bus', async () => {
    const bus: Pick<Bus, 'publish'> = {
      publish: async () => {
        throw new TransientError('BUS_UNAVAILABLE', 'gone');
      },
    };
    const online = { write: async () => 0 };
    const cut = new FeatureIntake({ online, bus, views, erased: async () => erased, log });
    await expect(cut.handle(messages(row(1, 1, { view: 'unheard_of' })))).rejects.toMatchObject({
      code: 'BUS_UNAVAILABLE',
    });
  });

  test('a row that can never be written becomes a dead letter, and the others of its batch are written', async () => {
    answer = (rows) => {
      if (rows.some(({ entity }) => entity === 3)) throw new UserError('ROW_REFUSED', 'no');
      return rows.length;
    };
    await intake.handle(messages(...[1, 2, 3, 4, 5].map((id) => row(id, 1))));
    expect(letters()).toMatchObject([{ reason: 'CONTRACT_VIOLATION', stage: 'load', stream: '_unknown' }]);
    expect(writes.flatMap((rows) => rows.map(({ entity }) => entity)).sort()).toEqual([1, 2, 4, 5]);
  });

  test.each([
    ['of a view nobody declared', row(1, 1, { view: 'unheard_of' }), 'view'],
    ['without a feature', row(1, 1, { features: { events_5m: 1 } }), 'features.events_1h'],
    ['with a feature too many', row(1, 1, { features: { ...row(1, 1).features, more: 1 } }), 'features.more'],
    [
      'with a sum that is no number',
      row(1, 1, { features: { ...row(1, 1).features, spend_1h: 'NaN' } }),
      'features.spend_1h',
    ],
    [
      'with a fraction for a count',
      row(1, 1, { features: { ...row(1, 1).features, events_1h: 1.5 } }),
      'features.events_1h',
    ],
    ['with a key beyond exact integers', row(2 ** 53, 1), 'entity.customer_id'],
    ['of another entity', row(1, 1, { entity: { product_id: 'x' } }), 'entity.customer_id'],
  ])('a row %s is a dead letter that names the field, and nothing of it is written', async (_case, wrong, field) => {
    await intake.handle(messages(wrong, row(2, 1)));
    expect(letters()).toMatchObject([
      { reason: 'CONTRACT_VIOLATION', message: expect.stringContaining(`at ${field}`) },
    ]);
    expect(writes.map((rows) => rows.map(({ entity }) => entity))).toEqual([[2]]);
  });

  test('the same unreadable message is the same dead letter however often it is delivered', async () => {
    const unreadable = { orderingKey: 'x', attributes: { id: 'a', traceparent: '' }, data: Buffer.from('{') };
    await intake.handle([unreadable]);
    await intake.handle([unreadable]);
    const [first, second] = letters();
    expect(first).toMatchObject({ reason: 'UNREADABLE', dead_letter_id: second!.dead_letter_id });
  });

  test('a batch that failed is counted when it is taken, and once', async () => {
    answer = () => {
      throw new TransientError('ONLINE_STORE_UNAVAILABLE', 'gone');
    };
    await expect(intake.handle(messages(row(1, 1)))).rejects.toThrow();
    expect(await recorded.of('tributary.push.rows')).toEqual([]);
    answer = (rows) => rows.length;
    await intake.handle(messages(row(1, 1)));
    expect(await recorded.of('tributary.push.rows')).toMatchObject([{ labels: { outcome: 'pushed' }, value: 1 }]);
    expect(await recorded.of('tributary.push.duration')).toMatchObject([
      { labels: { outcome: 'failed' }, value: { count: 1 } },
      { labels: { outcome: 'ok' }, value: { count: 1 } },
    ]);
  });

  test('rows of somebody who was erased do not go online nor into a dead letter, and others of the batch do', async () => {
    erased = erasing('2');
    await intake.handle(messages(row(1, 1), row(2, 7), row(2, 8, { features: {} }), row(2, 9, { latest: false })));
    expect(writes.map((rows) => rows.map(({ entity }) => entity))).toEqual([[1]]);
    expect(deadLetters).toEqual([]);
    expect(await recorded.of('tributary.push.erased')).toEqual([{ labels: { door: 'bus' }, value: 3 }]);
  });

  test('nothing is taken before it is known who was erased', async () => {
    const unknown = async () => {
      throw new TransientError('LAKE_UNAVAILABLE', 'gone');
    };
    const bus: Pick<Bus, 'publish'> = { publish: async () => {} };
    const online = { write: async (_view: unknown, rows: readonly PushRow[]) => writes.push(rows) };
    const blind = new FeatureIntake({ online, bus, views, erased: unknown, log });
    await expect(blind.handle(messages(row(1, 1)))).rejects.toMatchObject({ code: 'LAKE_UNAVAILABLE' });
    expect(writes).toEqual([]);
  });

  test('what became of each row is counted', async () => {
    answer = (rows) => rows.length - 1;
    await intake.handle(messages(row(1, 1), row(1, 2), row(2, 1), row(3, 1), row(4, 1, { features: {} })));
    expect(await recorded.of('tributary.push.rows')).toEqual([
      { labels: { view: '_unknown', outcome: 'refused' }, value: 1 },
      { labels: { view: 'customer_activity', outcome: 'superseded' }, value: 2 },
      { labels: { view: 'customer_activity', outcome: 'pushed' }, value: 2 },
    ]);
    expect(await recorded.of('tributary.push.duration')).toMatchObject([
      { labels: { outcome: 'ok' }, value: { count: 1 } },
    ]);
    const newest = Date.parse('2011-12-09T12:50:00.000002Z') / 1_000;
    expect(await recorded.of('tributary.view.newest_event')).toEqual([
      { labels: { view: 'customer_activity' }, value: newest },
    ]);
  });
});

describe('coalescing', () => {
  test('whatever the order and the repeats, what remains is the newest of each entity', () => {
    const deliveries = fc.array(fc.record({ customer: fc.nat(5), n: fc.nat(50) }));
    fc.assert(
      fc.property(deliveries, (delivered) => {
        const expected = new Map<number, number>();
        for (const { customer, n } of delivered) expected.set(customer, Math.max(n, expected.get(customer) ?? 0));
        const kept = newestPerEntity(delivered.map(({ customer, n }) => toPushRow(row(customer, n), views)));
        expect(new Map(kept.map((it) => [it.entity, it.features[0]]))).toEqual(expected);
      }),
    );
  });
});
