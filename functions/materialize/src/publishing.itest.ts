import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { ROOT, readConfigFrom } from '@tributary/platform/config';
import { type ChainEvent, chainEvent, parseChainEvent } from '@tributary/platform/events';
import type { StageDefinition } from '@tributary/platform/stage';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { transformStage } from '../../transform/src/stage.ts';
import { validateStage } from '../../validate/src/stage.ts';
import { materializeStage } from './stage.ts';

/** From a load to what is online, by the jobs themselves: what a broken row keeps back, and what it does not. */
const STAGES: readonly StageDefinition[] = [transformStage(0), validateStage, materializeStage];
const PROGRAMS: Readonly<Record<string, string>> = {
  dbt: 'dbt/job/src/main.ts',
  'great-expectations': 'great_expectations/job/src/main.ts',
  feast: 'feast/job/src/main.ts',
};
const T = '2026-11-01 10:00:00';
const run = promisify(execFile);

let stack: TestStack;
let warehouse: Warehouse;
let bus: ManagedBus;
let runs = 0;
const heard: ChainEvent[] = [];

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio', 'bigquery', 'redis', 'feast-server'], { needs: false });
  const config = readConfigFrom(stack.env, 'warehouse', 'bus');
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  bus = createBus(config.bus);
  await bus.ensureTopics();
  await bus.subscribe('chain', 'test', async (batch) => {
    heard.push(...batch.map(({ data }) => parseChainEvent(data)));
  });
}, 600_000);

afterAll(async () => {
  await bus?.close();
  await stack?.stop();
}, 60_000);

/** What follows from a load of these streams, as the functions would have it follow. Returns all that was said. */
async function load(...streams: string[]): Promise<ChainEvent[]> {
  const said: ChainEvent[] = [];
  const ahead = [chainEvent({ type: 'warehouse.loaded', runId: `load-${++runs}`, streams })];
  for (let event = ahead.shift(); event !== undefined; event = ahead.shift()) {
    const stage = STAGES.find(({ takes }) => takes(event!));
    if (!stage) continue;
    const next = await runJob(stage, event);
    said.push(...next);
    ahead.push(...next);
  }
  return said;
}

async function runJob({ name, job, args, ends }: StageDefinition, event: ChainEvent): Promise<ChainEvent[]> {
  const manifest = `${name}-${++runs}`;
  const from = heard.length;
  const { streams, views, traceparent } = event;
  const asked = { manifest, attempt: 1, streams, views, runId: manifest, cause: event.event_id, traceparent };
  await run(process.execPath, [fileURLToPath(new URL(PROGRAMS[job]!, ROOT)), ...args(asked)], {
    env: { ...process.env, ...stack.env },
  });
  for (let waited = 0; waited < 120_000; waited += 50) {
    const new_ = heard.slice(from).filter(({ run_id }) => run_id === manifest);
    if (new_.some(ends)) return new_;
    await delay(50);
  }
  throw new Error(`${manifest} did not report its end within two minutes`);
}

const told = (said: readonly ChainEvent[], type: string) =>
  said.filter((event) => event.type === type).map(({ detail, views }) => [detail.incident, [...views].sort()]);
/** What each run put online; of views that the pipeline itself puts online there is nothing to publish. */
const published = (said: readonly ChainEvent[]) =>
  said
    .filter(({ type, views }) => type === 'features.materialized' && views.length > 0)
    .map(({ views }) => [...views].sort());

let lsn = 0;
function insert(stream: string, columns: Readonly<Record<string, string | number>>): Promise<unknown> {
  lsn += 1;
  const row = {
    _event_id: `'${String(lsn).padStart(32, '0')}'`,
    ...{ _op: "'c'", _lsn: lsn, _origin: "'stream'", _contract_version: "'1.0.0'" },
    ...{ _source_time: `TIMESTAMP '${T}'`, _event_time: `TIMESTAMP '${T}'`, _ingested_at: `TIMESTAMP '${T}'` },
    ...columns,
  };
  return warehouse.query(
    `INSERT INTO staging.${stream} (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).join(', ')})`,
  );
}

const order = (id: string, status: string) =>
  insert('orders', {
    ...{ order_id: `'${id}'`, customer_id: 1, kind: "'purchase'", status: `'${status}'`, country: "'Spain'" },
    ...{ order_time: `TIMESTAMP '${T}'`, updated_at: `TIMESTAMP '${T}'` },
  });
const line = (id: string, orderId: string, price: string) =>
  insert('order_lines', {
    ...{ order_line_id: `'${id}'`, order_id: `'${orderId}'`, product_id: "'A'", customer_id: 1, kind: "'purchase'" },
    ...{ quantity: 1, unit_price: `NUMERIC '${price}'`, country: "'Spain'", order_time: `TIMESTAMP '${T}'` },
  });
const click = (behavior: string) =>
  insert('user_events', {
    ...{ user_event_id: `'E${lsn}'`, user_id: 1, item_id: "'A'", behavior: `'${behavior}'` },
    event_time: `TIMESTAMP '${T}'`,
  });

/** Gross revenue of the customer and of the product, as the feature server answers. */
async function online(): Promise<unknown[]> {
  const ask = async (feature: string, entities: object) => {
    const response = await fetch(`${stack.env.FEAST_SERVER_URL}/get-online-features`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ features: [feature], entities }),
    });
    const { results } = (await response.json()) as { results: { values: unknown[] }[] };
    return results.at(-1)!.values[0];
  };
  return [
    await ask('customer_features:gross_revenue', { customer_id: [1] }),
    await ask('product_features:gross_revenue', { product_id: ['A'] }),
  ];
}

describe('from a load to what is online', () => {
  test('what is whole goes online', async () => {
    await order('P1', 'placed');
    await line('P1-1', 'P1', '1');
    await click('pv');
    expect(published(await load('orders', 'order_lines', 'user_events'))).toEqual([
      ['customer_features', 'product_features'],
    ]);
    expect(await online()).toEqual([1, 1]);
  }, 900_000);

  test('a broken row of a stream keeps back the view that is made from it, and no other', async () => {
    await click('stare');
    await line('P1-2', 'P1', '2');
    const said = await load('user_events', 'order_lines');
    expect(told(said, 'incident.raised')).toEqual([['gate:staging:staging.user_events', ['customer_activity']]]);
    expect(published(said)).toEqual([['customer_features', 'product_features']]);
    expect(await online()).toEqual([3, 3]);
    await warehouse.query(`DELETE FROM staging.user_events WHERE behavior = 'stare'`);
    expect(told(await load('user_events'), 'incident.cleared')).toEqual([
      ['gate:staging:staging.user_events', ['customer_activity']],
    ]);
  }, 900_000);

  test('views that are kept back keep their values online, and have the new ones once the row is mended', async () => {
    await order('P2', 'lost');
    await line('P2-1', 'P2', '4');
    const said = await load('orders', 'order_lines');
    expect(told(said, 'incident.raised')).toEqual([
      ['gate:staging:staging.orders', ['customer_features', 'product_features']],
    ]);
    expect(published(said)).toEqual([]);
    expect(await warehouse.query('SELECT gross_revenue FROM marts.product_features')).toEqual([{ gross_revenue: '7' }]);
    expect(await online()).toEqual([3, 3]);
    await warehouse.query(`UPDATE staging.orders SET status = 'placed' WHERE status = 'lost'`);
    // A load of something else is occasion enough to look again.
    const mended = await load('user_events');
    expect(told(mended, 'incident.cleared')).toEqual([
      ['gate:staging:staging.orders', ['customer_features', 'product_features']],
    ]);
    expect(published(mended).at(-1)).toEqual(['customer_features', 'product_features']);
    expect(await online()).toEqual([7, 7]);
  }, 900_000);

  test('no query of any of them was sent without a limit of bytes and without saying whose it is', async () => {
    // What this test says itself is said by nobody's job.
    const own = /^(INSERT INTO|DELETE FROM|UPDATE) staging\.|^SELECT gross_revenue/;
    const queries = (await jobs())
      .filter(({ configuration }) => configuration.jobType === 'QUERY')
      .filter(({ configuration }) => !own.test(configuration.query?.query ?? ''));
    const senders = new Set(queries.map(({ configuration: { labels } }) => labels?.component ?? labels?.stage));
    // Ours, dbt's, Great Expectations' and Feast's have each been sent by now.
    expect([...senders].sort()).toEqual(expect.arrayContaining(['dbt', 'materialize', 'transform', 'validate']));
    const uncapped = queries.filter(({ configuration: { query } }) => !(Number(query?.maximumBytesBilled) > 0));
    expect(uncapped.map(({ configuration }) => configuration.query?.query)).toEqual([]);
    const unlabelled = queries.filter(({ configuration: { labels } }) => Object.keys(labels ?? {}).length === 0);
    expect(unlabelled.map(({ configuration }) => configuration.query?.query)).toEqual([]);
  });
});

interface Job {
  readonly configuration: {
    readonly jobType: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly query?: { readonly query: string; readonly maximumBytesBilled?: string };
  };
}

/** Every job as it was asked for: https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list */
async function jobs(): Promise<Job[]> {
  const { BIGQUERY_ENDPOINT, PROJECT_ID } = stack.env;
  const all: Job[] = [];
  let page: string | undefined = '';
  while (page !== undefined) {
    const response = await fetch(
      `${BIGQUERY_ENDPOINT}/bigquery/v2/projects/${PROJECT_ID}/jobs?projection=full&allUsers=true&maxResults=1000&pageToken=${page}`,
    );
    const listed = (await response.json()) as { jobs?: Job[]; nextPageToken?: string };
    all.push(...(listed.jobs ?? []));
    page = listed.nextPageToken;
  }
  return all;
}
