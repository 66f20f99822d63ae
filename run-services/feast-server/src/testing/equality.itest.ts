import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import fc from 'fast-check';
import { HttpServer } from '../http/server.ts';
import { getOnlineFeatures } from '../online/get-online-features.ts';
import { RedisConnection } from '../redis/connection.ts';
import { SingleNode } from '../redis/store.ts';
import { FileSource } from '../registry/file-source.ts';
import { LiveRegistry } from '../registry/live-registry.ts';
import { push, writeToOnlineStore } from '../write/push.ts';
import { ask } from './answers.ts';
import { Oracle } from './oracle.ts';
import { type AnyRequest, onlineRequests, pushes } from './requests.ts';

/** How many requests are compared, in all; FEAST_EQUALITY_REQUESTS=30000 for a thorough look. */
const REQUESTS = Number(process.env.FEAST_EQUALITY_REQUESTS ?? 2_000);
/** FEAST_EQUALITY_SEED repeats a run: the repository's and the requests' seed. */
const SEED = Number(process.env.FEAST_EQUALITY_SEED ?? Math.floor(Math.random() * 2 ** 31));
const AT_ONCE = 8;
const LONG = 3_600_000;

/** Feast's server has database 0 of Redis, ours has 1, with the same content to begin with. */
const OURS = 1;

let stack: TestStack;
let oracle: Oracle;
let registry: LiveRegistry;
let store: SingleNode;
let server: HttpServer;
let ours: string;
const databases: RedisConnection[] = [];

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

beforeAll(async () => {
  process.stdout.write(`FEAST_EQUALITY_SEED=${SEED}\n`);
  stack = await startComponents(['redis']);
  const { machine } = stack;
  const port = machine.port('redis');
  oracle = await Oracle.start({
    pythonBin: machine.tools.pythonBin,
    state: machine.state,
    redis: `127.0.0.1:${port}`,
    seed: SEED,
  });
  const endpoint = { host: '127.0.0.1', port };
  for (const db of [0, OURS]) {
    const connection = new RedisConnection(endpoint, { db, timeoutMs: 30_000 });
    await connection.open();
    databases.push(connection);
  }
  await copyDatabase();
  store = new SingleNode(endpoint, { db: OURS, timeoutMs: 30_000 });
  await store.open();
  registry = await LiveRegistry.open(new FileSource(join(oracle.folder, 'registry.db')), undefined, quiet);
  const definitions = () => registry.definitions;
  server = new HttpServer({ log: quiet });
  server.route('POST', '/get-online-features', getOnlineFeatures({ definitions, store }));
  server.route('POST', '/push', push({ definitions, store, log: quiet }));
  server.route('POST', '/write-to-online-store', writeToOnlineStore({ definitions, store, log: quiet }));
  ours = await server.listen({ host: '127.0.0.1', port: 0 });
}, 300_000);

afterAll(async () => {
  await server?.close(1_000);
  registry?.close();
  store?.close();
  for (const database of databases) database.close();
  await oracle?.stop();
  await stack?.stop();
}, 60_000);

/** Everything that a database holds: key and field and value, in hex. */
async function content(database: RedisConnection): Promise<Map<string, string[]>> {
  const [keys] = (await database.commands([['KEYS', '*']])) as [Buffer[]];
  const hashes = (await database.commands(keys.map((key) => ['HGETALL', key]))) as Buffer[][];
  const entries = hashes.map((hash, index): [string, string[]] => {
    const fields: string[] = [];
    for (let i = 0; i < hash.length; i += 2) fields.push(`${hash[i]!.toString('hex')}=${hash[i + 1]!.toString('hex')}`);
    return [keys[index]!.toString('hex'), fields.sort()];
  });
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function copyDatabase(): Promise<void> {
  const [source, target] = databases as [RedisConnection, RedisConnection];
  await target.commands([['FLUSHDB']]);
  const [keys] = (await source.commands([['KEYS', '*']])) as [Buffer[]];
  await source.commands(keys.map((key) => ['COPY', key, key, 'DB', String(OURS), 'REPLACE']));
}

async function expectSameAnswer(request: AnyRequest): Promise<void> {
  const [theirs, mine] = await Promise.all([ask(oracle.url, request), ask(ours, request)]);
  expect({ request, ...mine }).toEqual({ request, ...theirs });
}

async function compareReads(count: number, seed: number): Promise<void> {
  const batches = fc.array(onlineRequests(oracle.repository), { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(batches, async (requests) => {
      await Promise.all(requests.map(expectSameAnswer));
    }),
    { seed, numRuns: Math.ceil(count / AT_ONCE) },
  );
}

describe('the answers to any request are those of Feast', () => {
  test('of what Feast put online', () => compareReads(REQUESTS * 0.6, SEED), LONG);

  test(
    'and pushes leave the same bytes in Redis',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(pushes(oracle.repository), { minLength: 1, maxLength: 5 }), async (requests) => {
          for (const request of requests) await expectSameAnswer(request);
          const [theirs, mine] = await Promise.all(databases.map(content));
          expect(mine).toEqual(theirs);
        }),
        { seed: SEED, numRuns: Math.ceil((REQUESTS * 0.1) / 3) },
      );
      await compareReads(REQUESTS * 0.15, SEED + 1);
    },
    LONG,
  );

  test(
    'after a materialization',
    async () => {
      await oracle.feast('materialize', '2026-01-01T00:00:00', '2027-01-01T00:00:00', '--views', 'loaded');
      await registry.refresh();
      await copyDatabase();
      await compareReads(REQUESTS * 0.15, SEED + 2);
    },
    LONG,
  );
});
