import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadFeatures } from '@tributary/features';
import type { Bus, BusMessage } from '@tributary/platform/bus';
import { loadContracts } from '@tributary/platform/contracts';
import { ErasedSubjects } from '@tributary/platform/erasures';
import { type FeatureRow, featureMessage, parseDeadLetter } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import { erasureIds, parsePiiKeys } from '@tributary/platform/pii';
import fc from 'fast-check';
import { newestPerEntity } from './coalesce.ts';
import { FeastClient } from './feast-client.ts';
import { pushedViews, toPushRow } from './feature-view.ts';
import { FeaturePush } from './push.ts';
import { createPushServer } from './server.ts';

const log = createLogger('test', { level: 'silent' });
const views = pushedViews(loadFeatures());

interface Push {
  readonly push_source_name: string;
  readonly to: string;
  readonly df: Readonly<Record<string, readonly unknown[]>>;
}

let feast: Server;
let pushes: Push[];
let answer: (push: Push) => { status: number; body?: string };
let deadLetters: BusMessage[];
let push: FeaturePush;
let erased: ErasedSubjects;
const KEYS = parsePiiKeys(JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } }));

beforeEach(async () => {
  [pushes, deadLetters] = [[], []];
  erased = new ErasedSubjects(new Map(), loadContracts(), KEYS);
  answer = () => ({ status: 200 });
  feast = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as Push;
    pushes.push(body);
    const { status, body: reason } = answer(body);
    response.writeHead(status).end(reason);
  });
  await new Promise<void>((resolve) => feast.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(feast.address() as AddressInfo).port}`;
  const bus = { publish: async (_topic, messages) => void deadLetters.push(...messages) } as Pick<
    Bus,
    'publish'
  > as Bus;
  push = new FeaturePush({ feast: new FeastClient(url, log, [1, 1]), bus, views, erased: async () => erased, log });
});

afterEach(async () => {
  feast.closeAllConnections();
  await new Promise((resolve) => feast.close(resolve));
});

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

describe('the feature push', () => {
  test('one request carries the newest row of each entity, money as doubles, time to the microsecond', async () => {
    await push.handle(messages(row(1, 1), row(1, 3), row(1, 2), row(2, 7)));
    expect(pushes).toEqual([
      {
        push_source_name: 'customer_activity_push',
        to: 'online',
        df: {
          customer_id: [1, 2],
          event_timestamp: ['2011-12-09T12:50:00.000003Z', '2011-12-09T12:50:00.000007Z'],
          events_5m: [3, 7],
          events_1h: [3, 7],
          events_24h: [3, 7],
          spend_5m: [0, 0],
          spend_1h: [12.5, 12.5],
          spend_24h: [130.25, 130.25],
        },
      },
    ]);
  });

  test('rows of somebody who was erased do not go online, and others of the batch do', async () => {
    erased = new ErasedSubjects(
      new Map([['customer', new Set(erasureIds('customer', '2', KEYS))]]),
      loadContracts(),
      KEYS,
    );
    await push.handle(messages(row(1, 1), row(2, 7)));
    expect(pushes.map(({ df }) => df.customer_id)).toEqual([[1]]);
    expect(deadLetters).toEqual([]);
  });

  test("rows of an entity's earlier event times do not go online", async () => {
    await push.handle(messages(row(1, 9, { latest: false })));
    expect(pushes).toEqual([]);
  });

  test.each([
    ['the server is failing', { status: 500 }],
    ['the definitions are not applied yet', { status: 422, body: '{"class": "PushSourceNotFoundException"}' }],
  ])('nothing is acknowledged while %s, and the push is repeated', async (_case, fault) => {
    const answers = [fault, fault, { status: 200 }];
    answer = () => answers.shift()!;
    await push.handle(messages(row(1, 1)));
    expect(pushes).toHaveLength(3);
    answer = () => fault;
    await expect(push.handle(messages(row(1, 1)))).rejects.toMatchObject({
      code: 'FEAST_UNAVAILABLE',
      class: 'transient',
    });
    expect(deadLetters).toEqual([]);
  });

  test('a row that Feast refuses becomes a dead letter, and the others of its batch go online', async () => {
    answer = ({ df }) => ({ status: df.customer_id!.includes(3) ? 422 : 200 });
    await push.handle(messages(...[1, 2, 3, 4, 5].map((id) => row(id, 1))));
    expect(letters()).toMatchObject([{ reason: 'CONTRACT_VIOLATION', stage: 'load', stream: '_unknown' }]);
    const online = pushes.filter(({ df }) => !df.customer_id!.includes(3)).flatMap(({ df }) => df.customer_id);
    expect(online.sort()).toEqual([1, 2, 4, 5]);
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
  ])('a row %s is a dead letter that names the field, and nothing of it is pushed', async (_case, wrong, field) => {
    await push.handle(messages(wrong, row(2, 1)));
    expect(letters()).toMatchObject([
      { reason: 'CONTRACT_VIOLATION', message: expect.stringContaining(`at ${field}`) },
    ]);
    expect(pushes.map(({ df }) => df.customer_id)).toEqual([[2]]);
  });

  test('the same unreadable message is the same dead letter however often it is delivered', async () => {
    const unreadable = { orderingKey: 'x', attributes: { id: 'a', traceparent: '' }, data: Buffer.from('{') };
    await push.handle([unreadable]);
    await push.handle([unreadable]);
    const [first, second] = letters();
    expect(first).toMatchObject({ reason: 'UNREADABLE', dead_letter_id: second!.dead_letter_id });
  });

  test('large batches go in requests of at most a thousand rows', async () => {
    await push.handle(messages(...Array.from({ length: 2_300 }, (_, id) => row(id, 1))));
    expect(pushes.map(({ df }) => df.customer_id!.length)).toEqual([1_000, 1_000, 300]);
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

describe('a Pub/Sub push subscription', () => {
  const post = (payload: object) =>
    createPushServer({ push, log }).inject({ method: 'POST', url: '/pubsub/push', payload });
  const envelope = () => {
    const [message] = messages(row(1, 4));
    return {
      message: { data: message!.data.toString('base64'), attributes: { 'ce-id': 'a' }, messageId: '7' },
      subscription: 's',
    };
  };

  test('is answered 204 once the row is online', async () => {
    expect((await post(envelope())).statusCode).toBe(204);
    expect(pushes.map(({ df }) => df.events_5m)).toEqual([[4]]);
  });

  test('is told to try again while Feast is away', async () => {
    answer = () => ({ status: 503 });
    expect((await post(envelope())).statusCode).toBe(503);
  });

  test('is refused when the body is something else', async () => {
    expect((await post({ hello: 1 })).statusCode).toBe(400);
  });
});
