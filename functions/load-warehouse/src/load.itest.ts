import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import {
  chainPublished,
  objectFinalized,
  type RunningFunction,
  startFunction,
} from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { type ChainEvent, chainEvent, parseChainEvent } from '@tributary/platform/events';
import { inspectCommits } from '@tributary/platform/group-commit';
import { createLake, type Lake, type LakeObject } from '@tributary/platform/lake';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';

const FILES = 60;
const ROWS_PER_FILE = 5;
/** Small files of staging rows, as the pipeline writes them. */
const WRITE_PARQUET = `
import sys, datetime, pyarrow as pa, pyarrow.parquet as pq
folder, files, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
at = datetime.datetime(2026, 11, 21, 5, 20, 2, 123456, datetime.timezone.utc)
time = pa.timestamp("us", "UTC")
for file in range(files):
    ids = [f"{file * rows + row:032x}" for row in range(rows)]
    pq.write_table(pa.table({
        "_event_id": pa.array(ids), "_op": pa.array(["c"] * rows), "_lsn": pa.array(range(rows), pa.int64()),
        "_source_time": pa.array([at] * rows, time), "_event_time": pa.array([at] * rows, time),
        "_ingested_at": pa.array([at] * rows, time), "_origin": pa.array(["stream"] * rows),
        "order_id": pa.array(ids), "customer_id": pa.array([7] * rows, pa.int64()), "kind": pa.array(["purchase"] * rows),
    }), f"{folder}/{file}.parquet", compression="snappy")
`;

let stack: TestStack;
let lake: Lake;
let bucket: string;
let warehouse: Warehouse;
let bus: ManagedBus;
let folder: string;
let running: RunningFunction | undefined;
const events = new Map<string, ChainEvent>();

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio', 'bigquery'], { needs: false });
  const config = readConfigFrom(stack.env, 'lake', 'warehouse', 'bus');
  lake = createLake(config.lake);
  bucket = config.lake.lakeBucket;
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  bus = createBus(config.bus);
  await bus.ensureTopics();
  await bus.subscribe('chain', 'test', async (batch) => {
    for (const event of batch.map(({ data }) => parseChainEvent(data))) events.set(event.event_id, event);
  });
  folder = mkdtempSync(join(tmpdir(), 'load-'));
  const python = join(stack.machine.tools.pythonBin, 'python');
  execFileSync(python, ['-c', WRITE_PARQUET, folder, String(FILES), String(ROWS_PER_FILE)]);
}, 300_000);

afterAll(async () => {
  await bus?.close();
  await stack?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

afterEach(async () => {
  await running?.stop('SIGKILL');
});

function partName(file: number): string {
  return `processed/orders/dt=2026-11-21/hr=05/part-${String(file).padStart(4, '0')}.parquet`;
}

function put(file: number, body = readFileSync(join(folder, `${file}.parquet`))): Promise<LakeObject> {
  return lake.write(bucket, partName(file), body);
}

async function count(sql: string): Promise<number> {
  const [row] = await warehouse.query<{ n: number }>(sql);
  return Number(row!.n);
}

/** Asks until it holds, for a minute at most. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come to hold within a minute: ${running?.log()}`);
    await delay(200);
  }
}

const isQuiet = async () =>
  (await inspectCommits(lake, bucket)).every(
    ({ waiting, openManifest, leaseHeld }) => !waiting && !openManifest && !leaseHeld,
  );

describe('load-warehouse under the functions framework', () => {
  test('a kill in the middle of a burst neither loses nor doubles a row, and a bad object does not hold up the rest', async () => {
    running = await startFunction('load-warehouse', stack.env);
    const objects: LakeObject[] = [];
    for (let file = 0; file < FILES; file += 1) objects.push(await put(file));
    const bad = await put(FILES, Buffer.from('PAR1 this is no Parquet PAR1'));
    const all = [...objects, bad].map((object) => objectFinalized(object));
    // Killed once work is under way; whoever posted gets no answer and posts again.
    const first = Promise.allSettled(all.map((event) => running!.post(event)));
    await until('a load', async () => (await count('SELECT COUNT(*) AS n FROM ops.loads')) > 0);
    await running.stop('SIGKILL');
    await first;
    running = await startFunction('load-warehouse', stack.env);
    const again = running;
    const statuses = await Promise.all(
      all.map((event, index) => again.post(event, index % 2 ? 'binary' : 'structured')),
    );
    expect(new Set(statuses)).toEqual(new Set([204]));
    // Where the lease of the one that was killed kept others out, the sweep comes after it.
    await until('quiet', async () => {
      await again.post(
        chainPublished(chainEvent({ type: 'sweep.tick', runId: 'sweep', identity: [String(Date.now())] })),
      );
      return isQuiet();
    });

    expect(await count('SELECT COUNT(*) AS n FROM staging.orders')).toBe(FILES * ROWS_PER_FILE);
    expect(await count('SELECT COUNT(DISTINCT _event_id) AS n FROM staging.orders')).toBe(FILES * ROWS_PER_FILE);
    expect(await count('SELECT COUNT(*) AS n FROM ops.loads')).toBe(FILES + 1);
    expect(await count('SELECT COUNT(DISTINCT object_id) AS n FROM ops.loads')).toBe(FILES + 1);
    expect(await lake.read(bucket, partName(FILES))).toBeUndefined();
    expect(
      await lake.read(bucket, `${partName(FILES).replace('processed/', 'quarantine/')}.reason.json`),
    ).toBeDefined();
    const loads = () => [...events.values()].filter(({ type }) => type === 'warehouse.loaded');
    await until('the bus told of all', () => loads().reduce((sum, { counts }) => sum + counts.objects!, 0) === FILES);
    expect([...events.values()].filter(({ type }) => type === 'incident.raised')).toMatchObject([
      { error: { code: 'WAREHOUSE_REJECTED' }, detail: { object: partName(FILES) } },
    ]);
  }, 180_000);

  test('what is no event is refused for good, and what cannot be done now is to come again', async () => {
    running = await startFunction('load-warehouse', { ...stack.env, MINIO_ENDPOINT: 'http://127.0.0.1:1' });
    const post = (body: string, headers: Record<string, string>) =>
      fetch(running!.url, { method: 'POST', body, headers }).then(({ status }) => status);
    expect(await post('{"a":1}', { 'content-type': 'application/json' })).toBe(400);
    expect(await post('{"a":', { 'content-type': 'application/cloudevents+json' })).toBe(400);
    expect(await post('', {})).toBe(400);
    const object = { bucket, name: partName(0), generation: '1', token: '1', size: 1 };
    expect(await running.post(objectFinalized({ ...object, name: 'raw/orders/part-0.parquet' }))).toBe(204);
    expect(await running.post(objectFinalized(object))).toBe(503);
  }, 60_000);

  test('a configuration that lacks something ends the process with one clear message', async () => {
    const { LAKE_BUCKET: _, ...lacking } = stack.env;
    const started = startFunction('load-warehouse', { ...lacking, TRIBUTARY_ENV: 'none' });
    await expect(started).rejects.toThrow(/LAKE_BUCKET is missing/);
  }, 60_000);
});
