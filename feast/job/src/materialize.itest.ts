import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { type ChainEvent, type FeatureRow, featureMessage, parseChainEvent } from '@tributary/platform/events';
import { Incidents } from '@tributary/platform/incidents';
import { createLake } from '@tributary/platform/lake';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const run = promisify(execFile);

/** The newest order time: it does not move when an order line is deleted. */
const T = '2011-12-09T12:50:00.123456Z';

let stack: TestStack;
let warehouse: Warehouse;
let bus: ManagedBus;
const events: ChainEvent[] = [];

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio', 'bigquery', 'redis', 'feast-server'], { needs: false });
  const config = readConfigFrom(stack.env, 'warehouse', 'bus');
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  bus = createBus(config.bus);
  await bus.ensureTopics();
  await bus.subscribe('chain', 'test', async (batch) => {
    events.push(...batch.map(({ data }) => parseChainEvent(data)));
  });
}, 240_000);

afterAll(async () => {
  await bus?.close();
  await stack?.stop();
}, 60_000);

/** Runs the job as Cloud Run does and returns what it reported. */
async function materialize(views: string, attempt = 1): Promise<ChainEvent> {
  const manifest = `materialize-${events.length + 1}`;
  const args = [
    '--views',
    views,
    '--manifest',
    manifest,
    '--attempt',
    String(attempt),
    '--run-id',
    'run',
    '--cause',
    'c',
  ];
  await run(process.execPath, [MAIN, ...args], { env: { ...process.env, ...stack.env } });
  return until('the report', async () =>
    events.find(({ type, detail }) => type === 'features.materialized' && detail.manifest === manifest),
  );
}

async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; await delay(50)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`waited 30 s for ${what}`);
}

type Customer = [id: number, orders: number, gross: string, country: string | null, recency: number | null];

/** As dbt leaves it: one row a customer, all as of T. */
async function mart(...customers: Customer[]): Promise<void> {
  const rows = customers.map(
    ([id, orders, gross, country, recency]) =>
      `SELECT ${id} AS customer_id, ${orders} AS orders_count, ${orders} AS quantity_total, NUMERIC '${gross}' AS gross_revenue,
       NUMERIC '0' AS returned_value, NUMERIC '${gross}' AS net_revenue, CAST(NULL AS FLOAT64) AS average_order_value,
       CAST(${recency} AS INT64) AS recency_days, CAST(NULL AS FLOAT64) AS return_rate, ${orders} AS distinct_products,
       CAST(${country === null ? 'NULL' : `'${country}'`} AS STRING) AS last_country, TIMESTAMP '${T}' AS event_timestamp`,
  );
  await warehouse.query(`CREATE OR REPLACE TABLE marts.customer_features AS ${rows.join(' UNION ALL ')}`);
}

/** Of each customer the features by name, as the feature server answers. */
async function online(features: string[], ids: number[]): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${stack.env.FEAST_SERVER_URL}/get-online-features`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ features, entities: { customer_id: ids } }),
  });
  const { results, metadata } = (await response.json()) as {
    results: { values: unknown[] }[];
    metadata: { feature_names: string[] };
  };
  return ids.map((_id, row) =>
    Object.fromEntries(metadata.feature_names.map((name, at) => [name, results[at]!.values[row]])),
  );
}

const SALES = ['orders_count', 'gross_revenue', 'recency_days', 'last_country'].map((it) => `customer_features:${it}`);
const NOTHING = { orders_count: null, gross_revenue: null, recency_days: null, last_country: null };

/** What the pipeline emits at a customer's n-th event. */
function activity(customer: number, n: number, more: Partial<FeatureRow> = {}): FeatureRow {
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

const push = (...rows: FeatureRow[]) =>
  bus.publish(
    'features',
    rows.map((row) => featureMessage(row)),
  );

async function untilEvents5m(customer: number, expected: number): Promise<void> {
  await until(`customer ${customer} to have ${expected} events`, async () => {
    const [row] = await online(['customer_activity:events_5m'], [customer]);
    return row!.events_5m === expected ? true : undefined;
  });
}

describe('the online store', () => {
  test('has every row of the mart, money to the penny and nulls as nulls', async () => {
    await mart([12_346, 0, '0', 'Spain', null], [12_347, 7, '4310.07', null, 2]);
    expect(await materialize('customer_features')).toMatchObject({
      type: 'features.materialized',
      status: 'ok',
      views: ['customer_features'],
      counts: { customer_features: 2, written: 2, removed: 0 },
    });
    expect(await online(SALES, [12_346, 12_347, 99])).toEqual([
      { customer_id: 12_346, orders_count: 0, gross_revenue: 0, recency_days: null, last_country: 'Spain' },
      { customer_id: 12_347, orders_count: 7, gross_revenue: 4310.07, recency_days: 2, last_country: null },
      { customer_id: 99, ...NOTHING },
    ]);
  }, 60_000);

  test('takes values that changed although the time they are as of did not', async () => {
    await mart([12_346, 0, '0', 'Spain', null], [12_347, 6, '4000.01', 'Iceland', 3]);
    await materialize('customer_features');
    expect(await online(SALES, [12_347])).toEqual([
      { customer_id: 12_347, orders_count: 6, gross_revenue: 4000.01, recency_days: 3, last_country: 'Iceland' },
    ]);
  }, 60_000);

  test('writes only what changed: features, the time they are as of, or nothing', async () => {
    const same: Customer[] = [
      [12_346, 0, '0', 'Spain', null],
      [12_347, 6, '4000.01', 'Iceland', 3],
    ];
    const written = async () => (await materialize('customer_features')).counts;
    await mart(...same);
    expect(await written()).toMatchObject({ customer_features: 2, written: 0 });
    // The table is the one it was: its rows are not even read.
    expect(await written()).toMatchObject({ customer_features: 2, written: 0 });
    await mart(same[0]!, [12_347, 7, '4000.01', 'Iceland', 3]);
    expect(await written()).toMatchObject({ customer_features: 2, written: 1 });
    expect(await online(SALES, [12_347])).toMatchObject([{ orders_count: 7 }]);
  }, 120_000);

  test('a key that Redis lost is noticed although the mart did not change, and comes back', async () => {
    const [host, port] = stack.env.REDIS_ADDRESS!.split(':') as [string, string];
    const socket = connect(Number(port), host).end('FLUSHALL\r\nQUIT\r\n');
    await once(socket.resume(), 'close');
    expect(await materialize('customer_features')).toMatchObject({
      status: 'ok',
      counts: { customer_features: 2, written: 2 },
    });
  }, 60_000);

  test('a mart with an entity twice is an incident with both numbers, and is over once it is mended', async () => {
    const told = (type: string) =>
      events
        .filter((event) => event.type === type)
        .map(({ detail, counts, views }) => [detail.incident, counts, views]);
    await mart([12_346, 0, '0', 'Spain', null], [12_346, 1, '1', 'Spain', null]);
    expect(await materialize('customer_features')).toMatchObject({
      status: 'failed',
      error: { code: 'MATERIALIZE_COUNT_DIFFERS' },
      detail: { incident: 'materialize:customer_features', verdict: false },
    });
    await mart([12_346, 0, '0', 'Spain', null], [12_347, 6, '4000.01', 'Iceland', 3]);
    expect(await materialize('customer_features')).toMatchObject({ status: 'ok' });
    expect(told('incident.raised')).toEqual([
      ['materialize:customer_features', { offline: 2, online: 1 }, ['customer_features']],
    ]);
    expect(told('incident.cleared')).toEqual([['materialize:customer_features', {}, ['customer_features']]]);
  }, 120_000);

  test('loses the features of a customer who left the mart, and keeps what other views know', async () => {
    await push(activity(12_347, 3), activity(12_346, 2));
    await untilEvents5m(12_347, 3);
    await mart([12_346, 0, '0', 'Spain', null]);
    expect(await materialize('customer_features')).toMatchObject({ counts: { customer_features: 1, removed: 1 } });
    expect(await online(SALES, [12_347])).toEqual([{ customer_id: 12_347, ...NOTHING }]);
    await untilEvents5m(12_347, 3);
    await untilEvents5m(12_346, 2);
  }, 60_000);

  test('a pushed row never gives way to an older one, not even by a microsecond', async () => {
    await push(activity(1, 5), activity(1, 4), activity(1, 5, { features: { ...activity(1, 99).features } }));
    await untilEvents5m(1, 5);
    await push(activity(1, 3), activity(1, 9, { latest: false }), activity(2, 1));
    // Customer 2 is in the same partition or another; a second row of customer 1 follows in the same one.
    await untilEvents5m(2, 1);
    await push(activity(1, 6));
    await untilEvents5m(1, 6);
  }, 60_000);

  test('views fail one by one: the others are materialized, and the report names the fault', async () => {
    await mart([12_346, 1, '1.10', 'Spain', 1]);
    expect(await materialize('unheard_of,product_features,customer_features,customer_activity')).toMatchObject({
      status: 'failed',
      views: ['customer_features'],
      error: { code: 'VIEW_UNKNOWN' },
      detail: {
        views: {
          product_features: { error: { code: 'MART_MISSING' } },
          customer_activity: { skipped: expect.any(String) },
        },
      },
    });
    expect(await online(SALES, [12_346])).toMatchObject([{ orders_count: 1, gross_revenue: 1.1 }]);
  }, 60_000);

  test('a view that a gate keeps back stays online as it is, until the gate finds it right', async () => {
    const { lake } = readConfigFrom(stack.env, 'lake');
    const gate = new Incidents(createLake(lake), lake.lakeBucket, 'validate');
    const fault = { name: 'gate:features:marts.customer_features', code: 'GATE_FAILED', message: 'why', runbook: 'r' };
    const settle = (...failing: object[]) =>
      gate.settle(
        failing.map((it) => ({ ...fault, ...it })),
        () => ({}),
        { runId: 'run' },
        async () => undefined,
      );
    await settle({ views: ['customer_features'] });
    await mart([12_346, 9, '9.90', 'Spain', 1]);
    expect(await materialize('customer_features')).toMatchObject({
      status: 'ok',
      views: [],
      counts: { held: 1 },
      detail: { held: { customer_features: [fault.name] } },
    });
    expect(await online(SALES, [12_346])).toMatchObject([{ orders_count: 1, gross_revenue: 1.1 }]);
    await settle();
    expect(await materialize('customer_features')).toMatchObject({ status: 'ok', views: ['customer_features'] });
    expect(await online(SALES, [12_346])).toMatchObject([{ orders_count: 9, gross_revenue: 9.9 }]);
  }, 60_000);

  test('a run that finds Redis gone waits for it', async () => {
    await mart([12_346, 2, '2.20', 'Spain', 1]);
    await stack.kill('redis');
    expect(await materialize('customer_features')).toMatchObject({ status: 'ok', counts: { customer_features: 1 } });
    await stack.untilReady('redis');
    expect(await online(SALES, [12_346])).toMatchObject([{ orders_count: 2, gross_revenue: 2.2 }]);
  }, 90_000);
});
