import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { GUARDED_LOOPBACK, type RunningFunction, startFunction } from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { type ChainEvent, chainEvent, chainMessage, parseChainEvent } from '@tributary/platform/events';
import { inspectCommits } from '@tributary/platform/group-commit';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { startIssuer, TEST_CALLER, type TestIssuer } from '@tributary/platform/oidc/testing';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { PubSubResources } from '../components/pubsub-resources.ts';
import { CLOUD } from '../instance/adapters.ts';
import { startComponents, type TestStack } from '../testing.ts';
import { Pusher } from './pusher.ts';
import { SubscriptionClient } from './rest-client.ts';

const FILES = 20;
const ROWS_PER_FILE = 5;
/** Small files of staging rows, as the pipeline writes them. Arguments: folder, files, rows. */
const WRITE_PARQUET = `
import sys, datetime, pyarrow as pa, pyarrow.parquet as pq
folder, files, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
at = pa.array([datetime.datetime(2026, 11, 21, 5, 20, 2, tzinfo=datetime.timezone.utc)] * rows, pa.timestamp("us", "UTC"))
for file in range(files):
    ids = [f"{file * rows + row:032x}" for row in range(rows)]
    pq.write_table(pa.table({"_event_id": ids, "_op": ["c"] * rows, "_source_time": at, "_event_time": at, "_ingested_at": at,
        "_origin": ["stream"] * rows, "order_id": ids, "kind": ["purchase"] * rows}), f"{folder}/{file}.parquet", compression="snappy")
`;
const AUDIENCE = 'https://load-warehouse.test';

/**
 * The event chain on the adapters of the cloud: an object in Cloud Storage → its notification → Pub/Sub → push with a token → load-warehouse behind the door that
 * ships → a load from gs:// → chain events on Pub/Sub.
 */
describe('the event chain on Cloud Storage and Pub/Sub', () => {
  let stack: TestStack;
  let issuer: TestIssuer;
  let lake: Lake;
  let bucket: string;
  let warehouse: Warehouse;
  let bus: ManagedBus;
  let resources: PubSubResources;
  let folder: string;
  let load: RunningFunction | undefined;
  const told = new Map<string, ChainEvent>();
  const stops: AbortController[] = [];
  const pushing: Promise<void>[] = [];

  beforeAll(async () => {
    stack = await startComponents(['pubsub', 'fake-gcs', 'bigquery'], { needs: false, adapters: CLOUD });
    issuer = await startIssuer();
    const config = readConfigFrom(stack.env, 'lake', 'warehouse', 'bus', 'project');
    expect([config.lake.adapter, config.bus.adapter]).toEqual(['gcs', 'pubsub']);
    lake = createLake(config.lake);
    bucket = config.lake.lakeBucket;
    warehouse = createWarehouse(config.warehouse);
    await warehouse.migrate();
    bus = createBus(config.bus);
    resources = new PubSubResources(config.project.projectId, config.bus.topicPrefix);
    await bus.subscribe('chain', 'test', async (batch) => {
      for (const event of batch.map(({ data }) => parseChainEvent(data))) told.set(event.event_id, event);
    });
    folder = mkdtempSync(join(tmpdir(), 'chain-'));
    const python = join(stack.machine.tools.pythonBin, 'python');
    execFileSync(python, ['-c', WRITE_PARQUET, folder, String(FILES), String(ROWS_PER_FILE)]);
  }, 300_000);

  afterEach(async () => {
    await stopPushing();
    await load?.stop('SIGKILL');
  }, 60_000);

  afterAll(async () => {
    await bus?.close();
    await issuer?.stop();
    await stack?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const startLoad = () =>
    startFunction('load-warehouse', {
      ...stack.env,
      ...{
        HOST: GUARDED_LOOPBACK,
        OIDC_AUDIENCE: AUDIENCE,
        OIDC_CALLERS: TEST_CALLER,
        OIDC_CERTS_URL: issuer.certsUrl,
      },
      LOG_LEVEL: 'info',
    });

  /** Pushes its subscriptions to the function, until it is stopped. */
  const push = (url: string): void => {
    const stop = new AbortController();
    stops.push(stop);
    for (const topic of ['lake-objects', 'chain'] as const) {
      const subscription = resources.subscription(topic, 'load-warehouse');
      const settings = { subscription, endpoint: url, leaseSeconds: 10, token: () => issuer.token({ aud: AUDIENCE }) };
      const client = new SubscriptionClient(stack.env.PUBSUB_REST_URL!, subscription);
      pushing.push(new Pusher(settings, client, createLogger('test', { level: 'silent' })).run(stop.signal));
    }
  };

  const stopPushing = async (): Promise<void> => {
    for (const stop of stops.splice(0)) stop.abort();
    await Promise.all(pushing.splice(0));
  };

  const count = async (sql: string): Promise<number> => Number((await warehouse.query<{ n: number }>(sql))[0]!.n);

  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (const start = Date.now(); !(await holds()); await delay(200)) {
      if (Date.now() - start > 120_000) throw new Error(`waited two minutes for ${what}: ${load?.log()}`);
    }
  };

  const name = (file: number) => `processed/orders/dt=2026-11-21/hr=05/part-${String(file).padStart(4, '0')}.parquet`;
  const put = (file: number) => lake.write(bucket, name(file), readFileSync(join(folder, `${file}.parquet`)));

  test('Cloud Storage tells of each new object of processed/, in its own form, and of no other', async () => {
    const own = `projects/${stack.env.PROJECT_ID}/subscriptions/notified`;
    const made = await fetch(`${stack.env.PUBSUB_REST_URL}/v1/${own}`, {
      ...{ method: 'PUT', body: JSON.stringify({ topic: resources.topic('lake-objects'), ackDeadlineSeconds: 60 }) },
    });
    expect(made.status).toBe(200);
    await lake.write(bucket, 'raw/notified.json', '{}');
    const object = await lake.write(bucket, 'processed/_notified/ä b+c%.json', '{"a":1}', {
      contentType: 'application/json',
    });
    const client = new SubscriptionClient(stack.env.PUBSUB_REST_URL!, own);
    const messages: Awaited<ReturnType<typeof client.pull>>[number]['message'][] = [];
    await until('the notification', async () => {
      messages.push(...(await client.pull(10)).map(({ message }) => message));
      return messages.length > 0;
    });
    expect(messages).toHaveLength(1);
    // https://cloud.google.com/storage/docs/pubsub-notifications#attributes
    expect(messages[0]!.attributes).toMatchObject({
      ...{ bucketId: bucket, objectId: object.name, objectGeneration: object.generation },
      ...{ eventType: 'OBJECT_FINALIZE', payloadFormat: 'JSON_API_V1', eventTime: expect.stringMatching(/^2\d{3}-/) },
    });
    expect(JSON.parse(Buffer.from(messages[0]!.data, 'base64').toString())).toMatchObject({
      ...{ kind: 'storage#object', bucket, name: object.name, generation: object.generation, size: '7' },
      contentType: 'application/json',
    });
  }, 180_000);

  test('a push without a token that counts is refused by the door, and delivered once it has one', async () => {
    load = await startLoad();
    const subscription = resources.subscription('lake-objects', 'load-warehouse');
    const client = new SubscriptionClient(stack.env.PUBSUB_REST_URL!, subscription);
    const settings = {
      subscription,
      endpoint: load.url,
      leaseSeconds: 10,
      token: () => issuer.token({ aud: 'https://another.test' }),
    };
    const stop = new AbortController();
    const refused = new Pusher(settings, client, createLogger('test', { level: 'silent' }));
    const running = refused.run(stop.signal);
    await put(0);
    await until('a refusal', async () => refused.stats.refused > 0);
    stop.abort();
    await running;
    expect(refused.stats.delivered).toBe(0);
    push(load.url);
    await until('the row', async () => (await count('SELECT COUNT(*) AS n FROM staging.orders')) === ROWS_PER_FILE);
  }, 300_000);

  test('a kill of function and deliverer in the middle of a burst neither loses nor doubles a row, and the chain is told of every load', async () => {
    load = await startLoad();
    push(load.url);
    for (let file = 1; file < FILES; file += 1) await put(file);
    const sweep = () =>
      bus.publish('chain', [chainMessage(chainEvent({ type: 'sweep.tick', runId: `sweep-${Date.now()}` }))]);
    // Where the lease of one that ended before keeps others out, the sweep comes after it.
    await until('a load', async () => {
      await sweep();
      return (await count('SELECT COUNT(*) AS n FROM ops.loads')) > 1;
    });
    await load.stop('SIGKILL');
    await stopPushing();

    load = await startLoad();
    push(load.url);
    await until('quiet', async () => {
      await sweep();
      const commits = await inspectCommits(lake, bucket);
      const rows = await count('SELECT COUNT(*) AS n FROM staging.orders');
      return rows >= FILES * ROWS_PER_FILE && commits.every(({ waiting, openManifest }) => !waiting && !openManifest);
    });
    const expected = FILES * ROWS_PER_FILE;
    expect(await count('SELECT COUNT(*) AS n FROM staging.orders')).toBe(expected);
    expect(await count('SELECT COUNT(DISTINCT _event_id) AS n FROM staging.orders')).toBe(expected);
    expect(await count("SELECT COUNT(*) AS n FROM ops.loads WHERE stream = 'orders'")).toBe(FILES);
    expect(await count("SELECT COUNT(DISTINCT object_id) AS n FROM ops.loads WHERE stream = 'orders'")).toBe(FILES);
    const loadedRows = () =>
      [...told.values()]
        .filter(({ type, streams }) => type === 'warehouse.loaded' && streams.includes('orders'))
        .reduce((sum, { counts }) => sum + (counts.rows ?? 0), 0);
    await until('the chain events of every load', async () => loadedRows() >= expected);
    expect(loadedRows()).toBe(expected);
  }, 300_000);
});
