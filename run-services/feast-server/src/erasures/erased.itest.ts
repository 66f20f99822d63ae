import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { ROOT } from '@tributary/platform/config';
import { ERASURES, enlist } from '@tributary/platform/erasures';
import { TransientError } from '@tributary/platform/errors';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { RecordedMetrics } from '@tributary/platform/metrics/testing';
import { erasureIds, loadPiiKeys } from '@tributary/platform/pii';
import type { FeastServer } from '../serve.ts';
import { activity, activityOf, applyDefinitions, lakeVariables, post, serveForTest } from '../testing/served.ts';

jest.setTimeout(60_000);

const BUCKET = 'lake';
const [ERASED, OTHER] = [7, 8];
const TIME = '2026-01-02T00:00:00Z';

let stack: TestStack;
let definitions: Awaited<ReturnType<typeof applyDefinitions>>;
let lake: MemoryLake;
let isAway: boolean;
let recorded: RecordedMetrics;
let server: FeastServer;
let cleanUp: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  stack = await startComponents(['redis']);
  definitions = await applyDefinitions(stack.machine.tools.pythonBin);
}, 240_000);
afterAll(async () => {
  definitions?.remove();
  await stack?.stop();
}, 60_000);

beforeEach(async () => {
  isAway = false;
  lake = new MemoryLake(() => {
    if (isAway) throw new TransientError('LAKE_UNAVAILABLE', 'away');
  });
  const [id] = erasureIds('customer', String(ERASED), loadPiiKeys(stack.env.PII_KEYS_FILE!));
  await enlist(lake, BUCKET, 'customer', id!);
  recorded = new RecordedMetrics();
  cleanUp.push(() => recorded.stop());
});
afterEach(async () => {
  for (const end of cleanUp.reverse()) await end();
  cleanUp = [];
});

async function start(more: Record<string, string> = {}): Promise<FeastServer> {
  const { REDIS_ADDRESS } = stack.env as { REDIS_ADDRESS: string };
  const settings = { REDIS_ADDRESS, FEAST_REGISTRY: definitions.registry, ...lakeVariables(stack.env), ...more };
  server = await serveForTest(settings, lake);
  cleanUp.push(() => server.close());
  return server;
}

/** Both customers' rows in one frame. */
function both() {
  const { push_source_name, df } = activity(ERASED, TIME, 1);
  const twice = Object.entries(df).map(([name, [value]]) => [name, [value, value]]);
  return { push_source_name, df: { ...Object.fromEntries(twice), customer_id: [ERASED, OTHER] } };
}

async function statuses(): Promise<unknown> {
  const { body } = await post(`${server.address}/get-online-features?semantics=strict`, activityOf(ERASED, OTHER));
  return (body.results as { statuses: string[] }[])[1]!.statuses;
}

test('rows of somebody who was erased go online by no request, and others of it do', async () => {
  await start();
  expect((await post(`${server.address}/push`, both())).status).toBe(200);
  expect(await statuses()).toEqual(['NOT_FOUND', 'PRESENT']);
  const { df } = both();
  // A column with a null is one of floats in pandas; 7.0 is customer 7 all the same.
  const floats = JSON.stringify({ feature_view_name: 'customer_activity', df }).replace(`[${ERASED},`, `[${ERASED}.0,`);
  const answer = await fetch(`${server.address}/write-to-online-store`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: floats,
  });
  expect(answer.status).toBe(200);
  expect(await statuses()).toEqual(['NOT_FOUND', 'PRESENT']);
  expect(await recorded.of('tributary.push.erased')).toEqual([
    { labels: { door: 'push' }, value: 1 },
    { labels: { door: 'write' }, value: 1 },
  ]);
});

test('nor by Pub/Sub, where the message is done with', async () => {
  await start({ FEATURES_DELIVERY: 'push', BUS: 'kafka', KAFKA_BROKERS: '127.0.0.1:1' });
  const features = { events_5m: 1, events_1h: 1, events_24h: 1, spend_5m: '0', spend_1h: '0', spend_24h: null };
  const row = {
    view: 'customer_activity',
    entity: { customer_id: ERASED },
    event_time: '2026-01-02T00:00:00.000000Z',
    event_timestamp: '2026-01-02T00:00:00.000001Z',
    latest: true,
    features,
    event_id: '0'.repeat(32),
    emitted_at: '2026-01-02T00:00:01.000Z',
  };
  const data = Buffer.from(JSON.stringify(row)).toString('base64');
  const delivered = await post(`${server.address}/pubsub/push`, { message: { data, messageId: '1', attributes: {} } });
  expect(delivered.status).toBe(204);
  expect((await statuses()) as string[]).toContain('NOT_FOUND');
  expect(await recorded.of('tributary.push.erased')).toEqual([{ labels: { door: 'bus' }, value: 1 }]);
});

test('what Python writes in our place gets the other rows alone', async () => {
  const bodies: string[] = [];
  const python = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(python, 'listening');
  cleanUp.push(() => once(python.close(), 'close'));
  await start({ FEAST_SIDECAR_URL: `http://127.0.0.1:${(python.address() as AddressInfo).port}` });
  const sent = { ...both(), to: 'offline' };
  expect((await post(`${server.address}/push`, sent)).status).toBe(200);
  expect(bodies.map((body) => JSON.parse(body))).toMatchObject([{ to: 'offline', df: { customer_id: [OTHER] } }]);
  const one = { ...activity(ERASED, TIME, 1), to: 'offline' };
  expect((await post(`${server.address}/push`, one)).status).toBe(200);
  expect(bodies).toHaveLength(1);
});

test('while it is not known who was erased nothing is written, and features are served', async () => {
  isAway = true;
  await start();
  const refused = await post(`${server.address}/push`, activity(9, TIME, 1));
  expect([refused.status, refused.body.code]).toEqual([503, 'BACKEND_UNAVAILABLE']);
  expect((await post(`${server.address}/get-online-features`, activityOf(9))).status).toBe(200);
  isAway = false;
  expect((await post(`${server.address}/push`, activity(9, TIME, 1))).status).toBe(200);
});

test('a list that is broken stops writing too', async () => {
  await lake.write(BUCKET, ERASURES, '{');
  await start();
  const { status, body } = await post(`${server.address}/push`, activity(9, TIME, 1));
  expect([status, body.detail]).toEqual([503, expect.stringContaining('ERASURES_UNREADABLE')]);
});

test('the contracts in force say what names a person; while there are none nothing is written', async () => {
  const contracts = join(stack.machine.state, 'contracts-in-force.json');
  await start({ CONTRACTS: contracts });
  expect((await post(`${server.address}/push`, activity(9, TIME, 1))).status).toBe(503);
  copyFileSync(new URL('contracts/generated/contracts.json', ROOT), contracts);
  expect((await post(`${server.address}/push`, activity(ERASED, TIME, 1))).status).toBe(200);
  expect(await recorded.of('tributary.push.erased')).toEqual([{ labels: { door: 'push' }, value: 1 }]);
});

test('a server that takes rows off the bus does not start without the list', async () => {
  const off = { FEATURES_DELIVERY: 'push', BUS: 'kafka', KAFKA_BROKERS: '127.0.0.1:1', ERASURES: 'off' };
  await expect(start(off)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('ERASURES=follow'),
  });
});
