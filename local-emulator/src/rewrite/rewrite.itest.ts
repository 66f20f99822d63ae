import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import {
  chainPublished,
  objectFinalized,
  type RunningFunction,
  startFunction,
} from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { type ChangeEvent, chainEvent, changeMessage } from '@tributary/platform/events';
import type { Lake, LakeObject } from '@tributary/platform/lake';
import { type RewriteSummary, rewritePortsOf, runName, runRewrite } from '@tributary/platform/rewrites';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { parquetReadObjects } from 'hyparquet';
import { startComponents, type TestStack } from '../testing.ts';
import { backfillArguments, compactArguments } from './options.ts';

const WAVES = 3;
const ORDERS_PER_WAVE = 20;
const ORDERS = WAVES * ORDERS_PER_WAVE;
const FOLDER = 'processed/orders/dt=2026-11-20/hr=10/';

let stack: TestStack;
let lake: Lake;
let bucket: string;
let bus: ManagedBus;
let warehouse: Warehouse;
let loader: RunningFunction;
let began: Date;

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio', 'bigquery', 'flink-jobmanager', 'flink-taskmanager', 'pipeline'], {
    needs: false,
  });
  const config = readConfigFrom(stack.env, 'bus', 'lake', 'warehouse');
  bus = createBus(config.bus);
  await bus.ensureTopics();
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  ({ lake, bucket } = (await rewritePortsOf(stack.env)).ports);
  loader = await startFunction('load-warehouse', stack.env);
  began = new Date();
}, 900_000);

afterAll(async () => {
  await loader?.stop('SIGKILL');
  await bus?.close();
  await stack?.stop();
}, 60_000);

function order(n: number): ChangeEvent {
  const after = {
    order_id: `o${n}`,
    customer_id: n,
    kind: 'purchase',
    status: 'placed',
    country: 'Norway',
    order_time: `2026-11-20T10:00:00.${String(n).padStart(6, '0')}Z`,
    updated_at: '2026-11-20T10:00:01.000000Z',
  };
  const ts = '2026-11-20T10:00:02.000000Z';
  return {
    event_id: n.toString(16).padStart(8, '0').repeat(4),
    stream: 'orders',
    op: 'c',
    key: { order_id: after.order_id },
    before: null,
    after,
    source: { db: 'app', schema: 'shop', table: 'orders', lsn: String(1_000 + n), tx: '1', ts },
    ingested_at: ts,
    contract_version: '1.0.0',
  };
}

async function listed(prefix: string): Promise<LakeObject[]> {
  const objects: LakeObject[] = [];
  for await (const object of lake.list(bucket, prefix)) objects.push(object);
  return objects;
}

/** Rows by event id; a row that is there twice fails. */
async function rows(): Promise<Map<string, unknown>> {
  const all = new Map<string, unknown>();
  for (const { name } of await listed(FOLDER)) {
    const { body } = (await lake.read(bucket, name))!;
    const file = body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer;
    for (const row of (await parquetReadObjects({ file })) as { _event_id: string }[]) {
      expect(all.has(row._event_id)).toBe(false);
      all.set(row._event_id, row);
    }
  }
  return all;
}

/** What the store's notifications would bring. */
async function tellOfFiles(): Promise<void> {
  for (const object of await listed(FOLDER)) expect(await loader.post(objectFinalized(object))).toBe(204);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come to hold within two minutes: ${loader.log()}`);
    await delay(500);
  }
}

/** As the command does it, beside a sweep that ticks. */
async function run(mode: 'backfill' | 'compact', args: Record<string, string>): Promise<RewriteSummary> {
  const { ports, args: common } = await rewritePortsOf(stack.env);
  const finished = new AbortController();
  const ticking = (async () => {
    while (!finished.signal.aborted) {
      const identity = [String(Date.now())];
      await loader.post(chainPublished(chainEvent({ type: 'sweep.tick', runId: 'sweep', identity })));
      await delay(500);
    }
  })();
  try {
    return await runRewrite(runName(mode, new Date()), { ...common, ...args }, ports);
  } finally {
    finished.abort();
    await ticking;
  }
}

const compact = () => run('compact', compactArguments({ stream: 'orders', olderThan: '1s' }));
const backfill = () =>
  run('backfill', backfillArguments('orders', { from: began.toISOString(), settle: '0s' }, new Date()));

async function staged(condition = 'TRUE'): Promise<number> {
  const [row] = await warehouse.query<{ n: number }>(`SELECT COUNT(*) AS n FROM staging.orders WHERE ${condition}`);
  return Number(row!.n);
}

describe('rewriting the lake beside a stream that runs', () => {
  let written: Map<string, unknown>;

  test('small files become one, with the rows they had, and the warehouse loads none of them again', async () => {
    for (let wave = 0; wave < WAVES; wave += 1) {
      const orders = Array.from({ length: ORDERS_PER_WAVE }, (_, n) => order(wave * ORDERS_PER_WAVE + n + 1));
      await bus.publish(
        'changes',
        orders.map((event) => changeMessage(event, ['order_id'])),
      );
      await until(`wave ${wave} is in the lake`, async () => (await rows()).size === orders.length * (wave + 1));
    }
    written = await rows();
    expect((await listed(FOLDER)).length).toBeGreaterThan(1);
    await tellOfFiles();
    expect(await staged()).toBe(ORDERS);

    await delay(2_000);
    const summary = await compact();
    expect(summary.discarded).toBe(0);
    expect(await listed(FOLDER)).toHaveLength(1);
    expect(await listed('raw/orders/')).toHaveLength(1);
    expect(await rows()).toEqual(written);
    await tellOfFiles();
    expect(await staged()).toBe(ORDERS);
    expect(await listed('rewrites/open/')).toEqual([]);
    await delay(2_000);
    expect(await compact()).toMatchObject({ done: 0, discarded: 0 });
  }, 600_000);

  test('a backfill changes nothing where all is well', async () => {
    expect(await backfill()).toMatchObject({
      done: 0,
      report: { messages: ORDERS, rows: ORDERS, refused: 0 },
    });
    expect(await rows()).toEqual(written);
  }, 300_000);

  test('a backfill brings back lost files, and its rows win over worse ones in the warehouse', async () => {
    for (const { name } of await listed(FOLDER)) await lake.remove(bucket, name);
    await warehouse.query(`UPDATE staging.orders SET country = 'Sweden', customer_id = NULL WHERE customer_id <= 5`);
    await warehouse.query('DELETE FROM staging.orders WHERE customer_id = 6');
    expect(await staged()).toBe(ORDERS - 1);
    expect(await backfill()).toMatchObject({ done: 1, changedRows: ORDERS, report: { added: ORDERS } });
    expect(await rows()).toEqual(written);
    await tellOfFiles();
    expect(await staged()).toBe(ORDERS);
    expect(await staged("country = 'Norway' AND customer_id IS NOT NULL")).toBe(ORDERS);
    expect(await backfill()).toMatchObject({ done: 0 });
  }, 600_000);
});
