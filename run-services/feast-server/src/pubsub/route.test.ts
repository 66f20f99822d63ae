import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { BusMessage } from '@tributary/platform/bus';
import { TransientError } from '@tributary/platform/errors';
import { HttpServer } from '../http/server.ts';
import { Batcher } from './batcher.ts';
import { pubsubHandler } from './route.ts';

let server: HttpServer;
let url: string;
let taken: BusMessage[];
let fault: Error | undefined;

beforeEach(async () => {
  taken = [];
  fault = undefined;
  server = new HttpServer({ log: { warn: () => {}, error: () => {} } });
  server.route(
    'POST',
    '/pubsub/push',
    pubsubHandler(async (message) => {
      if (fault) throw fault;
      taken.push(message);
    }),
  );
  url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/pubsub/push`;
});
afterEach(() => server.close(100));

const post = (body: string) => fetch(url, { method: 'POST', body });
const envelope = JSON.stringify({
  message: {
    data: Buffer.from('row').toString('base64'),
    attributes: { 'ce-id': 'a', 'ce-traceparent': 't', googclient_schema: 'x' },
    messageId: '7',
    orderingKey: 'customer_activity:1',
  },
  subscription: 's',
});

test('a message is 204 once it is done with, and comes as it would from the bus', async () => {
  expect((await post(envelope)).status).toBe(204);
  expect(taken).toEqual([
    { orderingKey: 'customer_activity:1', attributes: { id: 'a', traceparent: 't' }, data: Buffer.from('row') },
  ]);
});

test('what may pass is 503, and comes again', async () => {
  fault = new TransientError('BUS_UNAVAILABLE', 'gone');
  const response = await post(envelope);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
});

test.each(['{', '{}', '{"message":{"data":"%","messageId":"1"}}'])('%s is no push request', async (body) => {
  const response = await post(body);
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'INVALID_PUSH']);
});

function numbered(count: number): BusMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    orderingKey: '',
    attributes: { id: String(index) },
    data: Buffer.alloc(0),
  }));
}

test('what comes while a batch is at work is the next batch, in order and of at most five hundred', async () => {
  const batches: string[][] = [];
  const batcher = new Batcher(async (batch) => {
    batches.push(batch.map(({ attributes }) => attributes.id!));
    await new Promise((resolve) => setImmediate(resolve));
  });
  await Promise.all(numbered(1_002).map((message) => batcher.add(message)));
  expect(batches.map((batch) => batch.length)).toEqual([1, 500, 500, 1]);
  expect(batches.flat()).toEqual(numbered(1_002).map(({ attributes }) => attributes.id));
});

test('a batch that failed fails for its messages alone', async () => {
  let calls = 0;
  const batcher = new Batcher(async () => {
    calls += 1;
    if (calls === 1) throw new Error('no');
  });
  const outcomes = await Promise.allSettled(numbered(3).map((message) => batcher.add(message)));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
});

test('no more than five thousand wait', async () => {
  let release = () => {};
  const batcher = new Batcher(() => new Promise((resolve) => (release = resolve)));
  const waiting = numbered(5_001).map((message) => batcher.add(message));
  expect(() => batcher.add(numbered(1)[0]!)).toThrow(expect.objectContaining({ status: 503, code: 'OVERLOADED' }));
  const all = Promise.all(waiting);
  for (let batch = 0; batch < 11; batch += 1) {
    release();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await all).toHaveLength(5_001);
});
