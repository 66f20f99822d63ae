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

/** Files that differ from what the pipeline writes. Arguments: folder, JSON of {file: {ids, also, without}}. */
const WRITE_ODD_PARQUET = `
import sys, json, datetime, pyarrow as pa, pyarrow.parquet as pq
folder, files = sys.argv[1], json.loads(sys.argv[2])
time = pa.timestamp("us", "UTC")
at = datetime.datetime(2026, 11, 21, 6, 20, 2, 123456, datetime.timezone.utc)
for file, odd in files.items():
    ids = odd["ids"]
    columns = {
        "_event_id": pa.array(ids, pa.string()), "_op": pa.array(["c"] * len(ids), pa.string()),
        "_event_time": pa.array([at] * len(ids), time), "_ingested_at": pa.array([at] * len(ids), time),
        "order_id": pa.array(ids, pa.string()), "customer_id": pa.array([7] * len(ids), pa.int64()),
        "kind": pa.array([odd.get("kind", "purchase")] * len(ids), pa.string()),
    }
    columns |= {name: pa.array([value] * len(ids)) for name, value in odd.get("also", {}).items()}
    for name in odd.get("without", []): del columns[name]
    pq.write_table(pa.table(columns), f"{folder}/{file}.parquet", compression="snappy")
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

  test('what does not fit goes to quarantine with its reason, what fits is loaded, and the ledger says how many rows of each', async () => {
    const odd = {
      whole: { ids: ['odd-1', 'odd-2', 'odd-3'] },
      lacks: { ids: ['odd-4', 'odd-5'], without: ['kind', 'customer_id'] },
      none: { ids: [] },
      type: { ids: ['odd-6'], also: { customer_id: 'seven' } },
      extra: { ids: ['odd-7'], also: { shoe_size: 42 } },
    };
    execFileSync(join(stack.machine.tools.pythonBin, 'python'), ['-c', WRITE_ODD_PARQUET, folder, JSON.stringify(odd)]);
    const whole = readFileSync(join(folder, 'whole.parquet'));
    const bodies: Record<string, Buffer> = {
      ...Object.fromEntries(Object.keys(odd).map((name) => [name, readFileSync(join(folder, `${name}.parquet`))])),
      text: Buffer.from('order_id,kind\n1,purchase\n'),
      'cut-off': whole.subarray(0, whole.length - 20),
      'cut-short': whole.subarray(0, 9),
      empty: Buffer.alloc(0),
    };
    const name = (kind: string) => `processed/orders/dt=2026-11-21/hr=06/part-${kind}.parquet`;
    running = await startFunction('load-warehouse', stack.env);
    const before = await count('SELECT COUNT(*) AS n FROM staging.orders');
    const objects = await Promise.all(
      Object.entries(bodies).map(([kind, body]) => lake.write(bucket, name(kind), body)),
    );
    const statuses = await Promise.all(objects.map((object) => running!.post(objectFinalized(object))));
    expect(new Set(statuses)).toEqual(new Set([204]));
    await until('quiet', isQuiet);

    const ledger = await warehouse.query<{ name: string; job_id: string; row_count: number; byte_count: number }>(
      "SELECT name, job_id, row_count, byte_count FROM ops.loads WHERE CONTAINS_SUBSTR(name, 'hr=06') ORDER BY name",
    );
    const fate = (kind: string) => {
      const entries = ledger.filter((entry) => entry.name === name(kind));
      return entries.map(({ job_id, row_count }) => [job_id.replace(/^load_.*/, 'loaded'), row_count]);
    };
    expect(Object.fromEntries(Object.keys(bodies).map((kind) => [kind, fate(kind)]))).toEqual({
      whole: [['loaded', 3]],
      lacks: [['loaded', 2]],
      none: [['loaded', 0]],
      type: [['quarantined', 0]],
      extra: [['quarantined', 0]],
      text: [['quarantined', 0]],
      'cut-off': [['quarantined', 0]],
      'cut-short': [['quarantined', 0]],
      empty: [['quarantined', 0]],
    });
    expect(ledger.map(({ byte_count }) => byte_count)).toEqual(
      ledger.map((entry) => objects.find((o) => o.name === entry.name)!.size),
    );
    expect(await count('SELECT COUNT(*) AS n FROM staging.orders')).toBe(before + 5);
    for (const kind of ['type', 'extra', 'text', 'cut-off', 'cut-short', 'empty']) {
      const kept = name(kind).replace('processed/', 'quarantine/');
      expect((await lake.read(bucket, kept))!.body).toEqual(bodies[kind]);
      const reason = JSON.parse(String((await lake.read(bucket, `${kept}.reason.json`))!.body));
      expect(reason).toMatchObject({ code: 'WAREHOUSE_REJECTED', object: lake.uri(bucket, name(kind)) });
      expect(await lake.read(bucket, name(kind))).toBeUndefined();
      await until('the incident', () =>
        [...events.values()].some(({ detail }) => detail.incident === `quarantine:${name(kind)}`),
      );
    }
    const reasonOf = async (kind: string) =>
      String((await lake.read(bucket, `${name(kind).replace('processed/', 'quarantine/')}.reason.json`))!.body);
    expect(await reasonOf('extra')).toMatch(/shoe_size/);
    expect(await reasonOf('cut-off')).toMatch(/Parquet/i);
  }, 120_000);

  test('an overwritten object replaces its rows, and nothing else of its hour leaves', async () => {
    const folderOf = 'processed/orders/dt=2026-11-21/hr=06/';
    const odd = {
      first: { ids: ['re-1', 're-2', 're-3', 're-4'] },
      beside: { ids: ['re-8', 're-9'] },
      second: { ids: ['re-2', 're-3', 're-5'], kind: 'return' },
      third: { ids: ['re-5'], kind: 'return' },
    };
    execFileSync(join(stack.machine.tools.pythonBin, 'python'), ['-c', WRITE_ODD_PARQUET, folder, JSON.stringify(odd)]);
    const write = (name: string, content: keyof typeof odd) =>
      lake.write(bucket, `${folderOf}part-${name}.parquet`, readFileSync(join(folder, `${content}.parquet`)));
    const deliver = async (...objects: LakeObject[]) => {
      const statuses = await Promise.all(objects.map((object) => running!.post(objectFinalized(object))));
      expect(new Set(statuses)).toEqual(new Set([204]));
      await until('quiet', isQuiet);
    };
    const rows = async () => {
      const found = await warehouse.query<{ row: string }>(
        "SELECT CONCAT(_event_id, ' ', kind) AS row FROM staging.orders WHERE STARTS_WITH(_event_id, 're-') ORDER BY row",
      );
      return found.map(({ row }) => row);
    };
    running = await startFunction('load-warehouse', { ...stack.env, LOAD_SPACING_SECONDS: '0' });
    await deliver(await write('replaced', 'first'), await write('beside', 'beside'));
    const beside = ['re-8 purchase', 're-9 purchase'];
    expect(await rows()).toEqual(['re-1 purchase', 're-2 purchase', 're-3 purchase', 're-4 purchase', ...beside]);

    const second = await write('replaced', 'second');
    await deliver(second, second);
    expect(await rows()).toEqual(['re-2 return', 're-3 return', 're-5 return', ...beside]);
    const entries = await warehouse.query<{ n: number }>(
      "SELECT row_count AS n FROM ops.loads WHERE ENDS_WITH(name, 'part-replaced.parquet') ORDER BY generation",
    );
    expect(entries.map(({ n }) => Number(n))).toEqual([4, 3]);

    // A file that somebody removed: its rows cannot be told from those of older content, so that they stay.
    await lake.remove(bucket, `${folderOf}part-beside.parquet`);
    await deliver(await write('replaced', 'third'));
    expect(await rows()).toEqual(['re-2 return', 're-3 return', 're-5 return', ...beside]);
    await until('people were told', () =>
      [...events.values()].some(({ error }) => error?.code === 'LOAD_OBJECT_OVERWRITTEN'),
    );
    expect(
      await count("SELECT COUNT(*) AS n FROM ops.INFORMATION_SCHEMA.TABLES WHERE STARTS_WITH(table_name, 'rewrite_')"),
    ).toBe(0);
  }, 120_000);

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
