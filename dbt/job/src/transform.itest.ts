import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { BigQueryBilledJobs } from '@tributary/platform/cost';
import { type ChainEvent, parseChainEvent } from '@tributary/platform/events';
import { createLake } from '@tributary/platform/lake';
import { createWarehouse, type Row, type Warehouse } from '@tributary/platform/warehouse';
import { execa } from 'execa';
import { readProject } from './project.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const FEATURES = new URL('../../../features/generated/features.json', import.meta.url);
const PROJECT = readProject();
const T = '2026-11-03T10:00:00.000000Z';

let stack: TestStack;
let warehouse: Warehouse;
let bus: ManagedBus;
let env: Record<string, string>;
let cache: string;
const events: ChainEvent[] = [];

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio', 'bigquery']);
  const config = readConfigFrom(stack.env, 'warehouse', 'bus');
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  bus = createBus(config.bus);
  await bus.ensureTopics();
  await bus.subscribe('chain', 'test', async (batch) => {
    events.push(...batch.map(({ data }) => parseChainEvent(data)));
  });
  cache = mkdtempSync(join(tmpdir(), 'dbt-cache-'));
  env = {
    ...stack.env,
    DBT_CACHE_DIR: cache,
    PATH: `${stack.machine.tools.pythonBin}${delimiter}${process.env.PATH}`,
  };
  await insert('orders', [
    change('o1', 'c', 10, {
      order_id: 'P1',
      customer_id: 1,
      kind: 'purchase',
      status: 'placed',
      country: 'Spain',
      order_time: '2026-11-01T10:00:00.000000Z',
    }),
    // Delivered twice, as everything may be.
    change('o1', 'c', 10, {
      order_id: 'P1',
      customer_id: 1,
      kind: 'purchase',
      status: 'placed',
      country: 'Spain',
      order_time: '2026-11-01T10:00:00.000000Z',
    }),
    change('o2', 'c', 20, {
      order_id: 'R1',
      customer_id: 2,
      kind: 'return',
      status: 'placed',
      country: 'Italy',
      order_time: T,
    }),
  ]);
  await insert('order_lines', [
    change('l2', 'u', 12, line('P1-1', 'P1', 'A', 1, 'purchase', 3, '0.1', 'Spain', '2026-11-01T10:00:00.000000Z')),
    change('l1', 'c', 11, line('P1-1', 'P1', 'A', 1, 'purchase', 2, '0.1', 'Spain', '2026-11-01T10:00:00.000000Z')),
    change('l3', 'c', 13, line('P1-2', 'P1', 'B', 1, 'purchase', 1, '9.7', 'Spain', '2026-11-01T10:00:00.000000Z')),
    change('l4', 'c', 21, line('R1-1', 'R1', 'A', 2, 'return', 1, '2.5', 'Italy', T)),
  ]);
  await insert('user_events', [
    change('e1', 'c', 9, {
      user_event_id: 'E1',
      user_id: 1,
      item_id: 'A',
      behavior: 'pv',
      event_time: '2026-11-01T09:55:00.000000Z',
    }),
  ]);
}, 300_000);

afterAll(async () => {
  await bus?.close();
  await stack?.stop();
  if (cache) rmSync(cache, { recursive: true, force: true });
}, 60_000);

function line(
  ...[order_line_id, order_id, product_id, customer_id, kind, quantity, unit_price, country, order_time]: (
    | string
    | number
  )[]
): Row {
  return { order_line_id, order_id, product_id, customer_id, kind, quantity, unit_price, country, order_time };
}

function change(id: string, op: string, lsn: number, row: Row): Row {
  return { _event_id: id, _op: op, _lsn: lsn, _origin: 'stream', _ingested_at: T, _event_time: T, ...row };
}

let inserts = 0;
function insert(stream: string, rows: readonly Row[]): Promise<void> {
  return warehouse.insert(
    'staging',
    stream,
    rows,
    rows.map(() => `insert-${inserts++}`),
  );
}

/** Runs the job as Cloud Run would and returns its report. */
async function run(streams: string, attempt = 1): Promise<ChainEvent> {
  const manifest = `transform-${streams}-${attempt}`;
  const args = ['--manifest', manifest, '--attempt', String(attempt), '--streams', streams, '--run-id', 'run-1'];
  await execa(process.execPath, [MAIN, ...args], { env, stdin: 'ignore', timeout: 110_000 });
  const report = (): ChainEvent | undefined =>
    events.find(({ type, detail }) => type === 'transform.finished' && detail.manifest === manifest);
  for (let waited = 0; !report() && waited < 20_000; waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const event = report();
  if (!event) throw new Error('the job reported nothing within 20 s');
  return event;
}

describe('the dbt job', () => {
  test('a first run builds everything, and the feature tables are exact', async () => {
    const begun = Date.now();
    const event = await run('orders,order_lines,user_events');
    const jobs = await new BigQueryBilledJobs(readConfigFrom(stack.env, 'warehouse').warehouse).since(begun);
    const own = jobs.filter(({ labels }) => labels.component === 'dbt');
    expect(new Set(own.map(({ labels }) => `${labels.stage} ${labels.run_id}`))).toEqual(new Set(['transform run-1']));
    expect(event.bytes_billed).toBe(own.reduce((sum, { bytesBilled }) => sum + bytesBilled, 0));
    expect(event.bytes_billed).toBeGreaterThan(0);
    expect(event).toMatchObject({
      type: 'transform.finished',
      status: 'ok',
      counts: { models: 18, customer_features: 2, product_features: 2, customer_activity: 3 },
      detail: { attempt: 1, selection: 'all', failing: [] },
      error: null,
    });
    expect([...event.views].sort()).toEqual(['customer_activity', 'customer_features', 'product_features']);
    expect(await warehouse.query('select * from marts.customer_features order by customer_id')).toEqual([
      {
        customer_id: 1,
        event_timestamp: T,
        orders_count: 1,
        quantity_total: 4,
        gross_revenue: '10',
        returned_value: '0',
        net_revenue: '10',
        average_order_value: 10,
        recency_days: 2,
        return_rate: 0,
        distinct_products: 2,
        last_country: 'Spain',
      },
      {
        customer_id: 2,
        event_timestamp: T,
        orders_count: 0,
        quantity_total: 0,
        gross_revenue: '0',
        returned_value: '2.5',
        net_revenue: '-2.5',
        average_order_value: null,
        recency_days: null,
        return_rate: null,
        distinct_products: 0,
        last_country: 'Italy',
      },
    ]);
    expect(
      await warehouse.query('select * from marts.customer_activity order by customer_id, event_timestamp'),
    ).toMatchObject([
      { customer_id: 1, event_timestamp: '2026-11-01T09:55:00.000000Z', events_5m: 1, spend_5m: '0' },
      // As first seen: the update of the line is no event.
      {
        customer_id: 1,
        event_timestamp: '2026-11-01T10:00:00.000000Z',
        events_5m: 3,
        spend_5m: '9.9',
        spend_24h: '9.9',
      },
      { customer_id: 2, event_timestamp: T, events_5m: 1, spend_5m: '0' },
    ]);
  }, 120_000);

  test('the next run builds only the feature tables of the streams that changed', async () => {
    await insert('order_lines', [
      change('l5', 'd', 30, line('P1-2', 'P1', 'B', 1, 'purchase', 1, '9.7', 'Spain', '2026-11-01T10:00:00.000000Z')),
      change('l6', 'd', 31, line('R1-1', 'R1', 'A', 2, 'return', 1, '2.5', 'Italy', T)),
    ]);
    const event = await run('order_lines', 2);
    expect(event).toMatchObject({
      status: 'ok',
      counts: { models: 3, customer_features: 1 },
      detail: { selection: 'changed' },
    });
    expect(
      await warehouse.query('select customer_id, gross_revenue, distinct_products from marts.customer_features'),
    ).toEqual([{ customer_id: 1, gross_revenue: '0.3', distinct_products: 1 }]);
    const clicks = await run('user_events');
    expect(clicks).toMatchObject({ views: ['customer_activity'], counts: { models: 1 } });
  }, 120_000);

  test('each feature table has the columns that the feature declarations promise, of their types', async () => {
    const declared = JSON.parse(readFileSync(FEATURES, 'utf8')) as {
      groups: {
        mart: string;
        entity: { joinKey: string; type: string };
        features: { name: string; warehouse_type: string }[];
      }[];
      views: {
        mart: string;
        entity: { joinKey: string; type: string };
        columns: { name: string; warehouse_type: string }[];
      }[];
    };
    const tables = [
      ...declared.groups.map(({ mart, entity, features }) => ({ mart, entity, columns: features })),
      ...declared.views,
    ];
    expect(tables.map(({ mart }) => mart).sort()).toEqual(PROJECT.marts);
    for (const { mart, entity, columns } of tables) {
      const found = await warehouse.query<{ name: string; type: string }>(
        'select column_name as name, data_type as type from marts.INFORMATION_SCHEMA.COLUMNS where table_name = @mart order by ordinal_position',
        { params: { mart } },
      );
      expect([mart, found.map(({ name, type }) => `${name} ${type}`)]).toEqual([
        mart,
        [
          `${entity.joinKey} ${entity.type}`,
          'event_timestamp TIMESTAMP',
          ...columns.map(({ name, warehouse_type }) => `${name} ${warehouse_type}`),
        ],
      ]);
    }
  });

  test('every unit test and data test of the project passes', async () => {
    const result = await execa(
      'dbt',
      [
        'build',
        '--project-dir',
        PROJECT.folder,
        '--profiles-dir',
        PROJECT.folder,
        '--target-path',
        join(cache, 'target'),
        '--log-path',
        cache,
        '--no-version-check',
        '--no-use-colors',
      ],
      { env: { ...env, DBT_DEFINITION: PROJECT.definition }, stdin: 'ignore', reject: false, timeout: 290_000 },
    );
    expect(result.stdout).toMatch(/Completed successfully/);
    expect(result.exitCode).toBe(0);
  }, 300_000);

  test('what dbt wrote is in the lake, and each node in ops.dbt_results', async () => {
    const { lake: config } = readConfigFrom(stack.env, 'lake');
    const lake = createLake(config);
    const read = async (name: string) => (await lake.read(config.lakeBucket, name))!.body.toString('utf8');
    const folder = 'artifacts/dbt-runs/transform-order_lines-2/2';
    expect(JSON.parse(await read(`${folder}/run_results.json`)).results).not.toEqual([]);
    expect(JSON.parse(await read(`${folder}/manifest.json`)).nodes).toHaveProperty([
      'model.tributary.customer_features',
    ]);
    expect(JSON.parse(await read('artifacts/dbt/dependencies.json')).views).toEqual({
      customer_activity: ['order_lines', 'user_events'],
      customer_features: ['order_lines', 'orders'],
      product_features: ['order_lines', 'orders'],
    });
    const lineage = (await read('artifacts/openlineage/transform-order_lines-2-2.ndjson')).trimEnd().split('\n');
    expect(lineage.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({
        eventType: 'COMPLETE',
        job: expect.objectContaining({ name: 'transform.customer_features' }),
      }),
    );
    expect(
      await warehouse.query(
        `SELECT node, type, status, code, row_count FROM ops.dbt_results
         WHERE manifest = 'transform-order_lines-2' AND type = 'model' AND recorded_at > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)
         ORDER BY node`,
      ),
    ).toEqual([
      { node: 'model.tributary.customer_activity', type: 'model', status: 'success', code: null, row_count: 3 },
      { node: 'model.tributary.customer_features', type: 'model', status: 'success', code: null, row_count: 1 },
      { node: 'model.tributary.product_features', type: 'model', status: 'success', code: null, row_count: 1 },
    ]);
  });

  test('a model that cannot be built is an incident, the others go on, and it is cleared once it builds again', async () => {
    await warehouse.query('alter table staging.orders rename to orders_moved');
    const broken = await run('order_lines', 3);
    expect(broken).toMatchObject({
      status: 'failed',
      views: ['customer_activity'],
      detail: { held: ['customer_features', 'product_features'], verdict: true },
      error: { code: 'DBT_NODES_FAILED', message: expect.stringContaining('model.tributary.') },
    });
    const said = (type: string) =>
      events
        .filter((event) => event.type === type)
        .map(({ detail }) => String(detail.incident))
        .sort();
    const incidents = ['batch', 'streaming'].map((layer) => `dbt:model.tributary.${layer}_staging__orders`);
    expect(said('incident.raised')).toEqual(incidents);
    await warehouse.query('alter table staging.orders_moved rename to orders');
    expect(await run('order_lines', 4)).toMatchObject({ status: 'ok' });
    expect(said('incident.cleared')).toEqual(incidents);
  }, 180_000);

  test('a job that is stopped reports nothing', async () => {
    const before = events.length;
    const args = ['--manifest', 'stopped', '--attempt', '1', '--streams', 'orders', '--run-id', 'run-2'];
    const job = execa(process.execPath, [MAIN, ...args], { env, stdin: 'ignore', reject: false, timeout: 60_000 });
    const started = new Promise<void>((resolve) => job.stdout.once('data', () => resolve()));
    await started;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    job.kill('SIGTERM');
    expect(await job).toMatchObject({ exitCode: 143 });
    expect(events.slice(before).filter(({ run_id }) => run_id === 'run-2')).toEqual([]);
  }, 60_000);
});
