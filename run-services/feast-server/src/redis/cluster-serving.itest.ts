import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import type { FeastServer } from '../serve.ts';
import { type RedisProcess, startRedis } from '../testing/redis-process.ts';
import { activity, activityOf, applyDefinitions, post, serveForTest } from '../testing/served.ts';
import { RedisConnection } from './connection.ts';

jest.setTimeout(120_000);

/** https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ */
const SLOTS = 16_384;
const CUSTOMERS = Array.from({ length: 60 }, (_, index) => index + 1);

let stack: TestStack;
let definitions: Awaited<ReturnType<typeof applyDefinitions>>;
let nodes: RedisProcess[] = [];
let connections: RedisConnection[] = [];
let server: FeastServer;

beforeAll(async () => {
  stack = await startComponents(['redis']);
  definitions = await applyDefinitions(stack.machine.tools.pythonBin);
  // On a busy machine a node may be late to answer another by seconds, which is not what is tested here.
  const cluster = [
    '--cluster-enabled',
    'yes',
    '--cluster-config-file',
    'nodes.conf',
    '--cluster-node-timeout',
    '60000',
  ];
  nodes = await Promise.all([0, 1, 2].map(() => startRedis(stack.machine.tools.redisServer, cluster)));
  connections = nodes.map(({ port }) => new RedisConnection({ host: '127.0.0.1', port }));
  await Promise.all(connections.map((connection) => connection.open()));
  await join();
  server = await serveForTest({
    REDIS_ADDRESS: `127.0.0.1:${nodes[0]!.port}`,
    REDIS_CLUSTER: 'true',
    FEAST_REGISTRY: definitions.registry,
  });
}, 240_000);
afterAll(async () => {
  await server?.close();
  for (const connection of connections) connection.close();
  for (const node of nodes) await node.stop();
  definitions?.remove();
  await stack?.stop();
}, 60_000);

const ask = async (node: number, ...args: string[]) => (await connections[node]!.commands([args]))[0];

/** A third of the slots each, and each knows the others. */
async function join(): Promise<void> {
  for (const node of [0, 1, 2]) {
    const from = Math.ceil((node * SLOTS) / 3);
    const to = Math.ceil(((node + 1) * SLOTS) / 3);
    const slots = Array.from({ length: to - from }, (_, index) => String(from + index));
    await ask(node, 'CLUSTER', 'ADDSLOTS', ...slots);
    await ask(node, 'CLUSTER', 'SET-CONFIG-EPOCH', String(node + 1));
  }
  for (const node of [1, 2]) await ask(node, 'CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]!.port));
  for (const node of [0, 1, 2]) {
    for (;;) {
      const info = String(await ask(node, 'CLUSTER', 'INFO'));
      if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) break;
      await delay(50);
    }
  }
}

async function values(...customers: number[]): Promise<unknown[]> {
  const { status, body } = await post(`${server.address}/get-online-features`, activityOf(...customers));
  expect({ status, body }).toMatchObject({ status: 200 });
  return (body.results as { values: unknown[] }[])[1]!.values;
}

const pushAll = (at: string, events: (customer: number) => number) =>
  Promise.all(
    CUSTOMERS.map(async (customer) => {
      const { status, body } = await post(`${server.address}/push`, activity(customer, at, events(customer)));
      expect({ status, body }).toMatchObject({ status: 200 });
    }),
  );

test('one request reads entities of all nodes, in their order', async () => {
  await pushAll('2026-01-01T00:00:00Z', (customer) => customer * 2);
  expect(await values(...CUSTOMERS)).toEqual(CUSTOMERS.map((customer) => customer * 2));
  const sizes = await Promise.all([0, 1, 2].map((node) => ask(node, 'DBSIZE')));
  expect(sizes.every((size) => Number(size) > 0)).toBe(true);
  expect(sizes.reduce((sum: number, size) => sum + Number(size), 0)).toBe(CUSTOMERS.length);
});

test('slots that moved to another node are followed there, for reads and for writes', async () => {
  await pushAll('2026-01-02T00:00:00Z', (customer) => customer);
  const ids = await Promise.all([0, 1, 2].map(async (node) => String(await ask(node, 'CLUSTER', 'MYID'))));
  // Every slot of the first node that holds a key goes to the second, keys and all.
  for (let slot = 0; slot < Math.ceil(SLOTS / 3); slot += 1) {
    const keys = (await connections[0]!.commands([['CLUSTER', 'GETKEYSINSLOT', String(slot), '100']]))[0] as Buffer[];
    if (keys.length === 0) continue;
    await ask(1, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', ids[0]!);
    await ask(0, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', ids[1]!);
    const target = ['127.0.0.1', String(nodes[1]!.port)];
    await connections[0]!.commands([['MIGRATE', ...target, '', '0', '5000', 'KEYS', ...keys]]);
    for (const node of [1, 0, 2]) await ask(node, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', ids[1]!);
  }
  expect(await ask(0, 'DBSIZE')).toBe(0);
  expect(await values(...CUSTOMERS)).toEqual(CUSTOMERS);
  await pushAll('2026-01-03T00:00:00Z', (customer) => customer + 1);
  expect(await values(...CUSTOMERS)).toEqual(CUSTOMERS.map((customer) => customer + 1));
});

test('without one node its entities are 503, and those of the others are served', async () => {
  await nodes[2]!.stop();
  // The rest of the cluster would refuse everything; what is asked here is whether this server asks the right node.
  for (const node of [0, 1]) await ask(node, 'CONFIG', 'SET', 'cluster-require-full-coverage', 'no');
  const statuses = await Promise.all(
    CUSTOMERS.map(
      async (customer) => (await post(`${server.address}/get-online-features`, activityOf(customer))).status,
    ),
  );
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
});
