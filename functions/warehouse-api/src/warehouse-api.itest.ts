import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { GUARDED_LOOPBACK, type RunningFunction, startFunction } from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '@tributary/platform/oidc/testing';
import { createQueryJobs, createWarehouse, type QueryJobs, type Warehouse } from '@tributary/platform/warehouse';
import { loadDeclarations } from './declaration.ts';
import { parametersOf } from './parameters.ts';

// A job of the stand-in takes seconds where much else runs.
jest.setTimeout(120_000);

const declarations = loadDeclarations(new URL('../queries/', import.meta.url));
const NOW = new Date().toISOString();
const TODAY = NOW.slice(0, 10);

let stack: TestStack;
let warehouse: Warehouse;
let jobs: QueryJobs;
let issuer: TestIssuer;
let open: RunningFunction;
let guarded: RunningFunction;

/** Something to ask each query for. */
const PARAMS: Readonly<Record<string, Record<string, string>>> = {
  'cost-per-day': { days: '7' },
  'customer-activity-at': { customer_id: '12346', at: '2026-11-21T12:00:00Z' },
  'customer-features': { customer_ids: '12346,12347,9007199254740993' },
  'load-ledger': { day: TODAY },
  'pipeline-freshness': {},
  'quality-results': { run_id: 'run-1' },
  'run-events': { run_id: 'run-1' },
};

beforeAll(async () => {
  stack = await startComponents(['minio', 'bigquery'], { needs: false });
  const config = readConfigFrom(stack.env, 'warehouse').warehouse;
  warehouse = createWarehouse(config);
  jobs = createQueryJobs(config);
  issuer = await startIssuer();
  await warehouse.migrate();
  await furnish();
  // Nobody listens there; only incidents of the cost guard would be told.
  const env = { ...stack.env, KAFKA_BROKERS: '127.0.0.1:9' };
  open = await startFunction('warehouse-api', env);
  guarded = await startFunction('warehouse-api', {
    ...env,
    ...{ HOST: GUARDED_LOOPBACK, OIDC_AUDIENCE: TEST_AUDIENCE, OIDC_CERTS_URL: issuer.certsUrl },
    WAREHOUSE_API_ROLES: JSON.stringify({ operations: ['ops@x.test'], features: ['*@model.test'] }),
  });
}, 300_000);

afterAll(async () => {
  await open?.stop();
  await guarded?.stop();
  await issuer?.stop();
  await stack?.stop();
}, 60_000);

async function furnish(): Promise<void> {
  const run = (sql: string) => warehouse.query(sql);
  await run(`CREATE TABLE marts.customer_activity AS
    SELECT 12346 AS customer_id, TIMESTAMP '2026-11-21 10:00:00' AS event_timestamp, 1 AS events_1h, NUMERIC '12.50' AS spend_1h
    UNION ALL SELECT 12346, TIMESTAMP '2026-11-21 11:00:00', 2, NUMERIC '20'
    UNION ALL SELECT 12346, TIMESTAMP '2026-11-21 13:00:00', 3, NUMERIC '99'`);
  await run(`CREATE TABLE marts.customer_features AS
    SELECT 9007199254740993 AS customer_id, TIMESTAMP '2026-11-21 10:00:00' AS event_timestamp, CAST(NULL AS INT64) AS orders
    UNION ALL SELECT 12346, TIMESTAMP '2026-11-21 10:00:00', 3`);
  const loads = Array.from({ length: 25 }, (_, index) => ({
    ...{ object_id: `o${index}`, stream: index % 2 ? 'orders' : 'customers', bucket: 'lake', name: `part-${index}` },
    ...{
      generation: '1795238402123456',
      job_id: 'load',
      manifest: 'm',
      row_count: index,
      byte_count: 10,
      loaded_at: NOW,
    },
  }));
  await warehouse.insert(
    'ops',
    'loads',
    loads,
    loads.map(({ object_id }) => object_id),
  );
  const quality = { run_id: 'run-1', gate: 'features', asset: 'marts.x', detail: '{}', checked_at: NOW };
  await warehouse.insert(
    'ops',
    'quality_results',
    [
      { ...quality, expectation: 'a', success: true },
      { ...quality, expectation: 'b', success: false },
    ],
    ['q1', 'q2'],
  );
  const payload = JSON.stringify({ error: { code: 'DBT_ABORTED' }, duration_ms: 12 });
  const event = { event_id: 'e1', type: 'transform.finished', run_id: 'run-1', cause: null, status: 'failed' };
  await warehouse.insert('ops', 'events', [{ ...event, streams: '[]', time: NOW, payload }], ['e1']);
  const cost = {
    day: TODAY,
    stage: 'transform',
    run_id: null,
    stream: null,
    kind: 'QUERY',
    created_at: NOW,
    ended_at: NOW,
  };
  // The same row may be there twice.
  await warehouse.insert(
    'ops',
    'costs',
    [
      { ...cost, job_id: 'j1', bytes_billed: 100 },
      { ...cost, job_id: 'j1', bytes_billed: 100 },
      { ...cost, job_id: 'j2', bytes_billed: 50 },
    ],
    ['c1', 'c2', 'c3'],
  );
}

/** An answer, with what is of interest in either case. */
interface Answered {
  readonly rows: Record<string, unknown>[];
  readonly job_id: string;
  readonly next_page_token: string | null;
  readonly queries: { readonly name: string }[];
  readonly error?: { readonly code: string };
}

async function ask(of: RunningFunction, path: string, token?: string) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(new URL(path, of.url), { headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answered };
}
const pathOf = (name: string, params: Record<string, string>) => `queries/${name}?${new URLSearchParams(params)}`;
const rowsOf = async (name: string, params = PARAMS[name]!) => {
  const { status, body } = await ask(open, pathOf(name, params));
  expect([status, body.error]).toEqual([200, undefined]);
  return body.rows;
};

describe('the declared queries', () => {
  test.each([...declarations.values()].map((each) => [each.name, each] as const))(
    '%s is SQL that BigQuery takes',
    async (_name, each) => {
      const params = parametersOf(each, PARAMS[each.name]!);
      const bytes = await jobs.check({
        sql: each.sql,
        params,
        labels: {},
        maximumBytesBilled: String(each.maxBytesBilled),
      });
      expect(bytes).toBeGreaterThanOrEqual(0);
    },
  );

  test('customer-activity-at: what was known then, and nothing later', async () => {
    expect(await rowsOf('customer-activity-at')).toEqual([
      { customer_id: 12346, event_timestamp: '2026-11-21T11:00:00.000000Z', events_1h: 2, spend_1h: '20' },
    ]);
    expect(await rowsOf('customer-activity-at', { customer_id: '12346', at: '2026-11-21T09:59:59Z' })).toEqual([]);
  });

  test('customer-features: exact beyond 2^53, and null is null', async () => {
    expect(await rowsOf('customer-features')).toMatchObject([
      { customer_id: 12346, orders: 3 },
      { customer_id: '9007199254740993', orders: null },
    ]);
  });

  test('pipeline-freshness, quality-results, run-events and cost-per-day', async () => {
    expect(await rowsOf('pipeline-freshness')).toMatchObject([
      { stream: 'customers', objects: 13, byte_count: 130 },
      { stream: 'orders', objects: 12, byte_count: 120 },
    ]);
    expect(await rowsOf('quality-results')).toMatchObject([
      { expectation: 'b', success: false },
      { expectation: 'a', success: true },
    ]);
    expect(await rowsOf('run-events')).toMatchObject([{ event_id: 'e1', error_code: 'DBT_ABORTED', duration_ms: 12 }]);
    const costs = await rowsOf('cost-per-day');
    expect(costs.filter(({ stage }) => stage === 'transform')).toEqual([
      { day: TODAY, stage: 'transform', jobs: 2, bytes_billed: 150 },
    ]);
  });

  test('load-ledger: in pages of one job', async () => {
    const names: unknown[] = [];
    const ids = new Set<string>();
    let token: string | undefined;
    do {
      const page: Record<string, string> = token === undefined ? {} : { page_token: token };
      const { body } = await ask(open, pathOf('load-ledger', { day: TODAY, page_size: '10', ...page }));
      names.push(...body.rows.map(({ name }) => name));
      ids.add(body.job_id);
      token = body.next_page_token ?? undefined;
    } while (token !== undefined);
    expect(new Set(names).size).toBe(25);
    expect(ids.size).toBe(1);
    expect(await rowsOf('load-ledger', { day: TODAY, stream: 'orders' })).toHaveLength(12);
  });

  test('the same request again gets the same job, also of another process', async () => {
    const path = pathOf('load-ledger', { day: '2026-01-01' });
    const first = await ask(open, path);
    const token = issuer.token({ email: 'ops@x.test' });
    const second = await ask(guarded, path, token);
    // The window of the cache may have ended in between; then the next one has begun.
    const third = await ask(guarded, path, token);
    expect([first, second, third].map(({ headers }) => headers.get('x-cache'))).toContain('hit');
    expect(first.body.rows).toEqual([]);
  });
});

describe('values', () => {
  test('of every type are exact, from BigQuery to the client', async () => {
    const sql = `SELECT
      9007199254740993 AS big, -9223372036854775808 AS least, CAST(NULL AS STRING) AS nothing,
      NUMERIC '99999999999999999999999999999.999999999' AS money, CAST('NaN' AS FLOAT64) AS nan, 0.1 AS tenth,
      TIMESTAMP '1969-12-31 23:59:59.999999' AS before_epoch, DATE '2026-11-21' AS day, TRUE AS yes, b'\\xff\\x00' AS bytes,
      [1, 9007199254740993] AS list, STRUCT('a' AS name, [STRUCT(NUMERIC '1.5' AS value)] AS parts) AS nested, @p AS p`;
    const job = {
      ...{ jobId: 'api_types_1', sql, labels: {}, maximumBytesBilled: '1000000' },
      params: [{ name: 'p', type: 'STRING', value: "'; DROP TABLE ops.loads; --" }],
    };
    await jobs.start(job);
    // A second start is none.
    await jobs.start(job);
    const found = await jobs.find('api_types_1', { maxResults: 10, timeoutMs: 20_000 });
    expect(found).toMatchObject({ state: 'done' });
    expect(found.state === 'done' && found.page.rows).toEqual([
      {
        ...{ big: '9007199254740993', least: '-9223372036854775808', nothing: null, nan: 'NaN', tenth: 0.1 },
        ...{ money: '99999999999999999999999999999.999999999', before_epoch: '1969-12-31T23:59:59.999999Z' },
        ...{ day: '2026-11-21', yes: true, bytes: '/wA=', list: [1, '9007199254740993'] },
        ...{ nested: { name: 'a', parts: [{ value: '1.5' }] }, p: "'; DROP TABLE ops.loads; --" },
      },
    ]);
  });

  test('a job that is not there is absent, and one that failed says so', async () => {
    const request = { maxResults: 1, timeoutMs: 20_000 };
    expect(await jobs.find('api_none_1', request)).toEqual({ state: 'absent' });
    const wrong = {
      jobId: 'api_wrong_1',
      sql: 'SELECT * FROM marts.not_there',
      params: [],
      labels: {},
      maximumBytesBilled: '1',
    };
    await expect(jobs.start(wrong)).rejects.toMatchObject({ code: 'WAREHOUSE_NOT_FOUND' });
    expect(await jobs.find('api_wrong_1', request)).toMatchObject({
      ...{ state: 'failed', again: true },
      error: { code: 'WAREHOUSE_NOT_FOUND' },
    });
  });
});

describe('callers', () => {
  test('need a token, and the role of what they ask', async () => {
    const path = pathOf('pipeline-freshness', {});
    expect((await ask(guarded, path)).status).toBe(401);
    expect((await ask(guarded, path, issuer.token({ aud: 'else', email: 'ops@x.test' }))).status).toBe(401);
    expect((await ask(guarded, path, issuer.token({ email: 'a@model.test' }))).body.error?.code).toBe(
      'CALLER_FORBIDDEN',
    );
    expect((await ask(guarded, path, issuer.token({ email: 'ops@x.test' }))).status).toBe(200);
    const listed = await ask(guarded, 'queries', issuer.token({ email: 'a@model.test' }));
    expect(listed.body.queries.map(({ name }) => name)).toEqual(['customer-activity-at', 'customer-features']);
    expect((await fetch(guarded.url)).status).toBe(200);
  });

  test('are refused what is not declared, in JSON', async () => {
    expect(await ask(open, 'queries/nothing')).toMatchObject({
      status: 404,
      body: { error: { code: 'QUERY_NOT_DECLARED' } },
    });
    const large = await fetch(new URL('queries/load-ledger', open.url), {
      method: 'POST',
      body: 'x'.repeat(2 * 1024 * 1024),
    });
    expect([large.status, ((await large.json()) as Answered).error?.code]).toEqual([413, 'EVENT_TOO_LARGE']);
  });
});
