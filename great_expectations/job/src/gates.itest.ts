import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { type ChainEvent, parseChainEvent } from '@tributary/platform/events';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const run = promisify(execFile);

let stack: TestStack;
let warehouse: Warehouse;
let lake: Lake;
let bus: ManagedBus;
let runs = 0;
const events: ChainEvent[] = [];

beforeAll(async () => {
  stack = await startComponents(['kafka', 'bigquery', 'minio'], { needs: false });
  const config = readConfigFrom(stack.env, 'warehouse', 'bus', 'lake');
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  lake = createLake(config.lake);
  bus = createBus(config.bus);
  await bus.ensureTopics();
  await bus.subscribe('chain', 'test', async (batch) => {
    events.push(...batch.map(({ data }) => parseChainEvent(data)));
  });
  await marts(1, 1);
}, 600_000);

afterAll(async () => {
  await bus?.close();
  await stack?.stop();
}, 60_000);

beforeEach(async () => {
  // As the dbt job leaves it; customers have a mart of their own here, so that it can be told from the others.
  await lake.write(
    stack.env.LAKE_BUCKET!,
    'artifacts/dbt/dependencies.json',
    JSON.stringify({ views: { customer_features: ['customers', 'order_lines'], product_features: ['order_lines'] } }),
  );
  for (const stream of ['customers', 'order_lines']) await warehouse.query(`DELETE FROM staging.${stream} WHERE true`);
  await warehouse.query(`INSERT INTO staging.order_lines (${META}, order_line_id, order_id, product_id, customer_id, kind, quantity, unit_price, order_time)
    VALUES (${change('c', 1)}, 'P1-1', 'P1', '10001', 1, 'purchase', 2, NUMERIC '1.25', TIMESTAMP '2026-11-01 10:00:00')`);
});

const META = '_event_id, _op, _lsn, _source_time, _event_time, _contract_version, _origin';
const change = (op: string, lsn: number | null) =>
  `'${'0'.repeat(31)}${lsn ?? 0}', '${op}', ${lsn ?? 'NULL'}, TIMESTAMP '2026-11-01 10:00:01', TIMESTAMP '2026-11-01 10:00:00', '1.0.0', 'stream'`;

/** The marts as dbt leaves them: one customer and one product, with so much revenue and so many buyers. */
async function marts(revenue: number, buyers: number): Promise<void> {
  await warehouse.query(`CREATE OR REPLACE TABLE marts.customer_features AS SELECT 1 AS customer_id, 1 AS orders_count, 2 AS quantity_total,
    NUMERIC '${revenue}' AS gross_revenue, NUMERIC '0' AS returned_value, NUMERIC '1' AS net_revenue, 2.5 AS average_order_value, 0 AS recency_days,
    CAST(0 AS FLOAT64) AS return_rate, 1 AS distinct_products, 'Spain' AS last_country, TIMESTAMP '2026-11-01 10:00:00' AS event_timestamp`);
  await warehouse.query(`CREATE OR REPLACE TABLE marts.product_features AS SELECT '10001' AS product_id, ${buyers} AS buyers, 1 AS orders_count,
    2 AS quantity_total, NUMERIC '2.5' AS gross_revenue, 1.25 AS average_price, CAST(0 AS FLOAT64) AS return_rate, TIMESTAMP '2026-11-01 10:00:00' AS event_timestamp`);
  await warehouse.query(
    'CREATE OR REPLACE TABLE staging.unified_staging__order_lines AS SELECT 1 AS customer_id, "10001" AS product_id',
  );
}

/** Runs the job as Cloud Run does, and returns what it reported, and its rows of `ops.quality_results` that are not met. */
async function check(...args: string[]): Promise<{ reported: ChainEvent[]; unmet: string[] }> {
  const id = `validate-${++runs}`;
  const who = ['--manifest', id, '--attempt', '1', '--run-id', id, '--cause', 'c'];
  await run(process.execPath, [MAIN, ...args, ...who], { env: { ...process.env, ...stack.env } });
  // Events of a run come in order, and a last one tells that all have come.
  await delay(1_000);
  const unmet = await warehouse.query<{ asset: string; expectation: string; detail: string }>(
    'SELECT asset, expectation, detail FROM ops.quality_results WHERE run_id = @id AND NOT success ORDER BY asset, expectation',
    { params: { id } },
  );
  return {
    reported: events.filter(({ run_id }) => run_id === id),
    unmet: unmet.map(({ asset, expectation, detail }) => `${asset} ${expectation} ${detail}`),
  };
}

const bothGates = () =>
  check('--gate', 'warehouse', '--streams', 'customers,order_lines', '--views', 'customer_features,product_features');

describe('the gates of the warehouse', () => {
  test('what keeps to its contract passes, and each gate says so', async () => {
    const { reported, unmet } = await bothGates();
    expect(reported).toMatchObject([
      {
        type: 'quality.checked',
        status: 'ok',
        detail: { gate: 'staging', failing: [] },
        streams: ['customers', 'order_lines'],
      },
      {
        type: 'quality.checked',
        status: 'ok',
        detail: { gate: 'features', failing: [] },
        views: ['customer_features', 'product_features'],
      },
    ]);
    expect(unmet).toEqual([]);
    expect(reported[0]!.counts.checks).toBeGreaterThan(15);
    const index = await lake.read(stack.env.LAKE_BUCKET!, 'data-docs/index.html');
    for (const asset of [
      'staging.customers',
      'staging.order_lines',
      'marts.customer_features',
      'marts.product_features',
    ])
      expect(index!.body.toString('utf8')).toContain(asset);
  }, 600_000);

  test('a delete, a truncate and a row with absent fields may lack what the contract requires', async () => {
    await warehouse.query(`INSERT INTO staging.order_lines (${META}, order_line_id, _absent) VALUES
      (${change('d', 2)}, 'P1-1', NULL), (${change('t', 3)}, NULL, NULL), (${change('u', 4)}, 'P1-1', 'kind,quantity')`);
    const { reported } = await check('--gate', 'warehouse', '--streams', 'order_lines', '--views', '');
    expect(reported).toMatchObject([
      { status: 'ok', detail: { gate: 'staging' } },
      { status: 'ok', detail: { gate: 'features' }, views: [] },
    ]);
  }, 600_000);

  test('rows at fault are shown by what is neither personal nor anybody’s number, in incidents and in ops', async () => {
    await warehouse.query(`INSERT INTO staging.customers (${META}, customer_id, name, email, country, created_at, updated_at)
      VALUES (${change('c', 5)}, NULL, 'planted-name', 'planted@example.com', 'Spain', TIMESTAMP '2026-11-01 10:00:00', TIMESTAMP '2026-11-01 10:00:00')`);
    await warehouse.query(`INSERT INTO staging.order_lines (${META}, order_line_id, order_id, product_id, customer_id, kind, quantity, unit_price, order_time)
      VALUES (${change('c', null)}, 'planted-line', 'planted-order', '10001', 987654321, 'gift', 0, NUMERIC '1', TIMESTAMP '2026-11-01 10:00:00')`);
    const { reported, unmet } = await bothGates();
    expect(reported).toMatchObject([
      {
        type: 'incident.raised',
        streams: ['customers'],
        views: ['customer_features'],
        error: { code: 'GATE_FAILED' },
        detail: {
          incident: 'gate:staging:staging.customers',
          runbook: 'quality-gate-failed',
          failing: [{ expectation: 'rows_are_complete' }],
          samples: [{ row: { fault: 'the key is null, and it is no truncate', country: 'Spain', _op: 'c' } }],
        },
      },
      {
        type: 'incident.raised',
        views: ['customer_features', 'product_features'],
        detail: { incident: 'gate:staging:staging.order_lines', samples: expect.any(Array) },
      },
      {
        type: 'quality.checked',
        status: 'failed',
        detail: {
          gate: 'staging',
          held: { customer_features: ['customers', 'order_lines'], product_features: ['order_lines'] },
          incident: 'gate:staging:staging.customers',
        },
        error: { code: 'GATE_FAILED' },
      },
      { type: 'quality.checked', status: 'ok', views: [], detail: { gate: 'features', last: true } },
    ]);
    expect(reported[1]!.detail.samples).toContainEqual({
      expectation: 'expect_column_values_to_be_between(quantity)',
      row: expect.objectContaining({ quantity: 0, kind: 'gift', _event_id: '0'.repeat(32) }),
    });
    expect(unmet).toEqual([
      expect.stringMatching(/^staging.customers rows_are_complete .*"the key is null, and it is no truncate":1/),
      expect.stringMatching(/^staging.order_lines expect_column_values_to_be_between\(quantity\) .*"quantity":0/),
      expect.stringMatching(/^staging.order_lines expect_column_values_to_be_in_set\(kind\) .*"kind":"gift"/),
      expect.stringMatching(/^staging.order_lines rows_are_complete .*"_lsn is null in a row of the stream":1/),
    ]);
    const docs: string[] = [];
    for await (const { name } of lake.list(stack.env.LAKE_BUCKET!, 'data-docs/validations/'))
      docs.push((await lake.read(stack.env.LAKE_BUCKET!, name))!.body.toString('utf8'));
    expect(docs).toHaveLength(4);
    for (const secret of ['planted', '987654321'])
      expect(JSON.stringify([reported, unmet, docs])).not.toContain(secret);
  }, 600_000);

  test('a stream at fault keeps back the views made from it until it is mended, whatever changed meanwhile', async () => {
    const told = ({ reported }: { reported: ChainEvent[] }) =>
      reported.map(({ type, status, views, detail }) => `${type} ${status} ${detail.incident ?? detail.gate} ${views}`);
    const check2 = (streams: string) =>
      check('--gate', 'warehouse', '--streams', streams, '--views', 'customer_features,product_features');
    await check2('customers,order_lines');
    await warehouse.query(`INSERT INTO staging.customers (${META}, customer_id, created_at, updated_at)
      VALUES (${change('c', 5)}, NULL, TIMESTAMP '2026-11-01 10:00:00', TIMESTAMP '2026-11-01 10:00:00')`);
    const atFault = [
      'incident.raised failed gate:staging:staging.customers customer_features',
      'quality.checked failed gate:staging:staging.customers ',
      'quality.checked ok features product_features',
    ];
    expect(told(await check2('customers'))).toEqual(atFault);
    // Another stream changed; the fault is there as before.
    expect(told(await check2('order_lines'))).toEqual(atFault);
    await warehouse.query('DELETE FROM staging.customers WHERE customer_id IS NULL');
    const mended = await check2('order_lines');
    expect(told(mended)).toEqual([
      'incident.cleared ok gate:staging:staging.customers customer_features',
      'quality.checked ok staging ',
      'quality.checked ok features customer_features,product_features',
    ]);
    // What was made from the rows before they were mended is made again.
    expect(mended.reported[0]).toMatchObject({ streams: ['customers'], detail: { rebuild: true } });
    expect(told(await check2('customers'))).toEqual([
      'quality.checked ok staging ',
      'quality.checked ok features customer_features,product_features',
    ]);
  }, 600_000);

  test('a view that fails is kept back, and the others go on', async () => {
    await marts(7, 1);
    const { reported } = await bothGates();
    expect(reported).toMatchObject([
      {
        type: 'incident.raised',
        detail: {
          incident: 'gate:features:marts.customer_features',
          samples: [{ expectation: 'rows_are_consistent', row: { gross_revenue: '7', net_revenue: '1' } }],
        },
      },
      { status: 'ok', detail: { gate: 'staging' } },
      {
        status: 'failed',
        detail: {
          gate: 'features',
          failing: [{ asset: 'marts.customer_features', expectation: 'rows_are_consistent' }],
        },
        views: ['customer_features'],
      },
      { status: 'ok', detail: { gate: 'features' }, views: ['product_features'] },
    ]);
    expect(JSON.stringify(reported)).not.toContain('"customer_id"');
    await marts(1, 1);
    expect((await bothGates()).reported[0]).toMatchObject({
      type: 'incident.cleared',
      detail: { incident: 'gate:features:marts.customer_features' },
    });
  }, 600_000);
});

describe('the gate of landing', () => {
  const land = async (file: string, content: string): Promise<string> => {
    const bucket = stack.env.LANDING_BUCKET!;
    const { name, generation } = await lake.write(bucket, `landing/orders/${file}`, content);
    return `${bucket}/${name}#${generation}`;
  };
  const checkFile = (object: string) => check('--gate', 'landing', '--object', object, '--dataset', 'orders');
  const HEADER = 'order_id,customer_id,kind,status,country,order_time,updated_at';
  const line = (id: string) => `${id},1,purchase,placed,Spain,2026-11-01T10:00:00.000000Z,2026-11-01 10:00:00`;

  test('a good file passes, though a line of it be bad: lines are the pipeline’s to set aside', async () => {
    const object = await land('good.csv', [HEADER, line('1'), line('2'), '3,x,gift,,,,'].join('\n'));
    expect((await checkFile(object)).reported).toMatchObject([
      { status: 'ok', streams: ['orders'], detail: { gate: 'landing', object, failing: [] } },
    ]);
  }, 600_000);

  test('a file of another kind fails, and nothing of it is told', async () => {
    const object = await land('wrong.csv', 'id,mail\n1,planted@example.com\n');
    const { reported, unmet } = await checkFile(object);
    const incident = 'gate:landing:landing/orders/wrong.csv';
    expect(reported).toMatchObject([
      { type: 'incident.raised', detail: { incident, samples: [] } },
      { status: 'failed', error: { code: 'GATE_FAILED' }, detail: { object, incident } },
    ]);
    expect(reported[1]!.detail.failing).not.toEqual([]);
    expect(JSON.stringify([reported, unmet])).not.toContain('planted');
  }, 600_000);

  test('a file that was overwritten meanwhile is not judged by what replaced it', async () => {
    const object = await land('replaced.csv', [HEADER, line('1')].join('\n'));
    await delay(5);
    await land('replaced.csv', 'something else');
    expect((await checkFile(object)).reported.at(-1)).toMatchObject({
      status: 'failed',
      error: { code: 'OBJECT_GONE' },
      detail: { failing: [] },
    });
  }, 600_000);
});
