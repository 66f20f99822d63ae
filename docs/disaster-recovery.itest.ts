import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { type FeatureRow, featureMessage } from '@tributary/platform/events';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The newest event of each customer; the busy one had others before. */
const MINUTE = '2026-11-20T10:00:00.000000Z';
const BUSY = 12_346;
const QUIET = 12_347;
const FEATURES = [
  'customer_features:orders_count',
  'customer_features:net_revenue',
  'customer_activity:events_24h',
  'customer_activity:spend_24h',
];

let stack: TestStack;
let warehouse: Warehouse;
let bus: ManagedBus;
/** As `npm run up` leaves it, for docs/runbooks/tools.sh. */
let state: string;

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio', 'bigquery', 'redis', 'feast-server', 'cloud-run-jobs'], {
    needs: false,
  });
  const config = readConfigFrom(stack.env, 'warehouse', 'bus');
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  bus = createBus(config.bus);
  await bus.ensureTopics();
  state = mkdtempSync(join(tmpdir(), 'tributary-recovery-'));
  mkdirSync(join(state, 'up', 'secrets'), { recursive: true });
  writeFileSync(join(state, 'up', 'secrets', 'environment.json'), JSON.stringify(stack.env), { mode: 0o600 });
}, 300_000);

afterAll(async () => {
  rmSync(state, { recursive: true, force: true });
  await bus?.close();
  await stack?.stop();
}, 60_000);

/** A command of docs/runbooks/tools.sh, as a person gives it. */
const tool = (command: string) =>
  run('bash', ['-c', `. docs/runbooks/tools.sh local up; ${command}`], {
    cwd: ROOT,
    env: { ...process.env, TRIBUTARY_STATE_DIR: state },
  });

const putOnline = () => tool('put_online customer_features');

/** The pipeline's row of a customer who had `n` events in the last day. */
const activity = (customer: number, n: number): FeatureRow => ({
  view: 'customer_activity',
  entity: { customer_id: customer },
  event_time: MINUTE,
  event_timestamp: MINUTE.replace('000000Z', `${String(n).padStart(6, '0')}Z`),
  latest: true,
  features: { events_5m: 1, events_1h: 1, events_24h: n, spend_5m: '0', spend_1h: '0', spend_24h: '130.25' },
  event_id: '0'.repeat(32),
  emitted_at: '2026-11-20T10:00:00.456Z',
});

async function online(): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${stack.env.FEAST_SERVER_URL}/get-online-features`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ features: FEATURES, entities: { customer_id: [BUSY, QUIET] } }),
  });
  const { results, metadata } = (await response.json()) as {
    results: { values: unknown[] }[];
    metadata: { feature_names: string[] };
  };
  return [0, 1].map((row) =>
    Object.fromEntries(metadata.feature_names.map((name, at) => [name, results[at]!.values[row]])),
  );
}

async function untilOnline(expected: object[]): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await delay(50)) {
    const rows = await online();
    if (expected.every((row, at) => Object.entries(row).every(([name, value]) => rows[at]![name] === value))) return;
  }
  expect(await online()).toMatchObject(expected);
}

/** As dbt leaves them: customer_features as of now, customer_activity at each instant of each customer. */
async function marts(): Promise<void> {
  const customer = (id: number, orders: number, revenue: string) =>
    `SELECT ${id} AS customer_id, ${orders} AS orders_count, ${orders} AS quantity_total, NUMERIC '${revenue}' AS gross_revenue,
     NUMERIC '0' AS returned_value, NUMERIC '${revenue}' AS net_revenue, CAST(NULL AS FLOAT64) AS average_order_value,
     1 AS recency_days, CAST(NULL AS FLOAT64) AS return_rate, ${orders} AS distinct_products, 'Spain' AS last_country, TIMESTAMP '${MINUTE}' AS event_timestamp`;
  const instant = (id: number, time: string, events: number) =>
    `SELECT ${id} AS customer_id, TIMESTAMP '${time}' AS event_timestamp, 1 AS events_5m, 1 AS events_1h, ${events} AS events_24h,
     NUMERIC '0' AS spend_5m, NUMERIC '0' AS spend_1h, NUMERIC '130.25' AS spend_24h`;
  const table = (name: string, rows: string[]) =>
    warehouse.query(`CREATE OR REPLACE TABLE marts.${name} AS ${rows.join(' UNION ALL ')}`);
  await table('customer_features', [customer(BUSY, 7, '4310.07'), customer(QUIET, 1, '12.5')]);
  await table('customer_activity', [
    instant(BUSY, '2026-11-20T09:00:00Z', 4),
    instant(BUSY, MINUTE, 5),
    instant(QUIET, MINUTE, 2),
  ]);
}

test('the online store is lost and comes back: marts by a run of materialize, pushed views from theirs, and nothing newer is overwritten', async () => {
  await marts();
  await putOnline();
  await bus.publish(
    'features',
    [activity(BUSY, 5), activity(QUIET, 2)].map((row) => featureMessage(row)),
  );
  const whole = [
    { orders_count: 7, net_revenue: 4310.07, events_24h: 5, spend_24h: 130.25 },
    { orders_count: 1, net_revenue: 12.5, events_24h: 2, spend_24h: 130.25 },
  ];
  await untilOnline(whole);

  const [host, port] = stack.env.REDIS_ADDRESS!.split(':') as [string, string];
  await once(connect(Number(port), host).end('FLUSHALL\r\nQUIT\r\n').resume(), 'close');
  const nothing = { orders_count: null, net_revenue: null, events_24h: null, spend_24h: null };
  expect(await online()).toMatchObject([nothing, nothing]);

  // The busy customer comes back before anybody acts; the quiet one's rows were acknowledged, so the bus has them no more.
  await bus.publish('features', [featureMessage(activity(BUSY, 6))]);
  await untilOnline([{ events_24h: 6 }]);
  expect((await putOnline()).stdout).toContain('succeeded');
  expect((await tool('push_mart customer_activity')).stdout).toContain('2 rows of customer_activity');
  expect(await online()).toMatchObject([{ ...whole[0], events_24h: 6 }, whole[1]!]);
}, 300_000);

test('a view that is not pushed is refused by name', async () => {
  await expect(tool('push_mart customer_features')).rejects.toMatchObject({
    stderr: expect.stringContaining('customer_features is not pushed; customer_activity is'),
  });
}, 60_000);
