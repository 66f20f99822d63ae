import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import type { PostgresConfig } from '@tributary/platform/config';
import { createLogger } from '@tributary/platform/log';
import pg from 'pg';
import { DEFAULT_INPUT, migrate, type SeedOptions, type SeedSummary, seed } from './index.ts';
import { TABLE_NAMES } from './operation.ts';
import { Runs } from './runs.ts';
import { createServer } from './server.ts';

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'seeder-itest-'));
let stack: TestStack;
let postgres: PostgresConfig;
let client: pg.Client;

async function connect(database: string): Promise<pg.Client> {
  const connection = new pg.Client({ ...postgres, database });
  // Tests restart the server under open connections.
  connection.on('error', () => undefined);
  await connection.connect();
  return connection;
}

beforeAll(async () => {
  stack = await startComponents(['postgres']);
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD } = stack.env;
  postgres = { host: PGHOST!, port: Number(PGPORT), user: PGUSER!, password: PGPASSWORD!, database: 'seeder_test' };
}, 180_000);

afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

beforeEach(async () => {
  const admin = await connect('postgres');
  await admin.query('DROP DATABASE IF EXISTS seeder_test WITH (FORCE)');
  await admin.query('CREATE DATABASE seeder_test');
  await admin.end();
  await migrate(postgres);
  client = await connect('seeder_test');
}, 60_000);

afterEach(() => client.end());

const seedDefault = (over: Partial<SeedOptions> = {}): Promise<SeedSummary> =>
  seed({ input: DEFAULT_INPUT, format: 'ndjson', pg: postgres, ...over });

/** Everything in the five tables, as one digest a table. */
async function content(connection: pg.Client): Promise<Record<string, unknown>> {
  const digests: Record<string, unknown> = {};
  for (const name of TABLE_NAMES) {
    const { rows } = await connection.query(
      `SELECT count(*)::int AS n, md5(string_agg(t::text, ';' ORDER BY t::text)) AS digest FROM shop.${name} AS t`,
    );
    digests[name] = rows[0];
  }
  return digests;
}

/** Rows that Postgres has ever inserted, updated or deleted in the five tables, so what change capture would see. */
async function writes(): Promise<number> {
  await client.query('SELECT pg_stat_force_next_flush()');
  const observer = await connect('seeder_test');
  // Statistics of other connections arrive when these end, at the latest.
  await sleep(200);
  const { rows } = await observer.query<{ n: string }>(
    `SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) AS n FROM pg_stat_user_tables WHERE schemaname = 'shop' AND relname = ANY($1)`,
    [TABLE_NAMES],
  );
  await observer.end();
  return Number(rows[0]!.n);
}

function file(name: string, ...events: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return path;
}

describe('migrations', () => {
  test('two runners at once apply each migration once, and a third finds nothing to do', async () => {
    await client.query('DROP SCHEMA shop CASCADE; DROP PUBLICATION tributary');
    const reports = await Promise.all([migrate(postgres), migrate(postgres)]);
    expect(reports.map(({ applied }) => applied.length).sort()).toEqual([0, 3]);
    expect(await migrate(postgres)).toEqual({ applied: [] });
  });

  test('exactly the five tables are published, with whole old rows', async () => {
    const { rows } = await client.query(
      `SELECT p.tablename, c.relreplident FROM pg_publication_tables AS p JOIN pg_class AS c ON c.oid = ('shop.' || p.tablename)::regclass WHERE p.pubname = 'tributary'`,
    );
    expect(Object.fromEntries(rows.map((row) => [row.tablename, row.relreplident]))).toEqual(
      Object.fromEntries(TABLE_NAMES.map((name) => [name, 'f'])),
    );
  });

  test('an applied migration that was edited is refused by name', async () => {
    await client.query(`UPDATE shop.schema_migrations SET checksum = 'x' WHERE version = 2`);
    await expect(migrate(postgres)).rejects.toMatchObject({
      code: 'MIGRATION_CHANGED',
      message: expect.stringContaining('002_'),
    });
  });
});

describe('seeding', () => {
  test('a second run of the same content writes nothing, under any file name', async () => {
    const first = await seedDefault();
    expect(first).toMatchObject({ alreadyApplied: 0, rejects: {} });
    expect(first.operations).toBe(first.inserted + first.updated + first.deleted);
    const before = [await content(client), await writes()];

    const copy = join(folder, 'copy.ndjson');
    writeFileSync(copy, readFileSync(DEFAULT_INPUT));
    const second = await seedDefault({ input: copy });
    expect(second).toEqual({ ...first, inserted: 0, updated: 0, deleted: 0, alreadyApplied: first.operations });
    expect([await content(client), await writes()]).toEqual(before);
  }, 60_000);

  test('a run killed half-way, and one stopped politely, resume to the same rows as a run in peace', async () => {
    await seedDefault();
    const expected = await content(client);
    await client.query(
      'TRUNCATE shop.customers, shop.products, shop.orders, shop.order_lines, shop.user_events, shop.seed_runs',
    );

    const child = spawn(process.execPath, [CLI, 'seed', '--rate', '20000/s'], {
      env: { ...process.env, ...environment() },
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    await untilApplied(3_000);
    child.kill('SIGKILL');
    await exited;
    const afterKill = await applied();
    expect(afterKill).toBeGreaterThan(0);
    expect(afterKill).toBeLessThan(20_000);

    const stop = new AbortController();
    await expect(
      seedDefault({
        signal: stop.signal,
        onProgress: ({ operations }) => operations > afterKill + 2_000 && stop.abort(),
      }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    const afterStop = await applied();
    expect(afterStop).toBeGreaterThan(afterKill);

    const rest = await seedDefault();
    expect(rest.alreadyApplied).toBe(afterStop);
    expect(await content(client)).toEqual(expected);
  }, 90_000);

  test('two seeders of one source at once do the work once', async () => {
    const [a, b] = await Promise.all([seedDefault(), seedDefault()]);
    expect(a.inserted + a.updated + a.deleted + b.inserted + b.updated + b.deleted).toBe(a.operations);
    expect(await applied()).toBe(a.operations);
  }, 60_000);

  test('Postgres killed in the middle is waited for, and nothing is lost or doubled', async () => {
    const retries: string[] = [];
    let killed: Promise<void> | undefined;
    const summary = await seedDefault({
      pace: { kind: 'rate', operationsPerSecond: 15_000 },
      onProgress: ({ operations }) => {
        if (operations > 4_000) killed ??= stack.kill('postgres');
      },
      onRetry: ({ code }) => retries.push(code),
    });
    await killed;
    await stack.untilReady('postgres');
    expect(retries.length).toBeGreaterThan(0);
    expect(summary.inserted + summary.updated + summary.deleted).toBe(summary.operations);
    await client.end();
    client = await connect('seeder_test');
    const { rows } = await client.query('SELECT count(*)::int AS n FROM shop.user_events');
    expect(rows[0].n).toBe(readFileSync(DEFAULT_INPUT, 'utf8').split('"table":"user_events"').length - 1);
  }, 180_000);

  test('what the database refuses is a reject with its line, and the rest of its batch takes effect', async () => {
    const ts = '2026-03-02T08:00:00.000000Z';
    const shared = { customer_id: null, kind: 'purchase', country: null, order_time: ts };
    const line = {
      order_line_id: 'x',
      order_id: 'x',
      product_id: 'p',
      quantity: 1,
      unit_price: '12345678901234.5678',
      ...shared,
    };
    const input = file(
      'refused.ndjson',
      { ts, table: 'orders', op: 'insert', row: { order_id: '1', status: 'placed', ...shared, updated_at: ts } },
      { ts, table: 'order_lines', op: 'insert', row: { ...line, order_line_id: '0-1', order_id: '0' } },
      { ts, table: 'order_lines', op: 'insert', row: { ...line, order_line_id: '1-1', order_id: '1' } },
    );
    const rejectsPath = join(folder, 'rejects.ndjson');
    const refusal = {
      file: 'refused.ndjson',
      line: 2,
      reason: 'REFUSED_BY_DATABASE',
      detail: expect.stringContaining('23503'),
    };
    for (const inserted of [2, 0]) {
      const summary = await seed({ input, format: 'ndjson', pg: postgres, rejectsPath });
      expect(summary).toMatchObject({
        inserted,
        alreadyApplied: 2 - inserted,
        rejects: { REFUSED_BY_DATABASE: 1 },
        rejectSamples: [refusal],
      });
      expect(JSON.parse(readFileSync(rejectsPath, 'utf8'))).toEqual(refusal);
    }
    const { rows } = await client.query('SELECT order_line_id, unit_price FROM shop.order_lines');
    expect(rows).toEqual([{ order_line_id: '1-1', unit_price: '12345678901234.5678' }]);
  });

  test('a folder that overlaps one already seeded adds the new lines and turns nothing back', async () => {
    const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n';
    const days = [
      '1,11111,OLD,1,2010-12-01 08:00:00,1.00,5,Spain\n',
      '2,11111,NEW,1,2010-12-05 08:00:00,1.25,5,France\n',
      '3,22222,X,1,2010-12-06 08:00:00,3.00,,Italy\n',
    ];
    const csv = (name: string, lines: readonly string[]) => {
      writeFileSync(join(folder, name), header + lines.join(''));
      return seed({ input: join(folder, name), format: 'online-retail', pg: postgres });
    };
    await csv('first.csv', days.slice(0, 2));
    const before = await writes();
    // One product, one order and its line, and that order's shipping.
    expect(await csv('all.csv', days)).toMatchObject({ inserted: 3, updated: 1 });
    expect(await csv('old.csv', days.slice(0, 1))).toMatchObject({ inserted: 0, updated: 0 });
    expect((await writes()) - before).toBe(4);
    const { rows } = await client.query(
      `SELECT description, unit_price::text, (SELECT country FROM shop.customers) FROM shop.products WHERE product_id = '11111'`,
    );
    expect(rows).toEqual([{ description: 'NEW', unit_price: '1.2500', country: 'France' }]);
  });

  test('a database without tables, and one that is not there, end in one sentence', async () => {
    await client.query('DROP SCHEMA shop CASCADE');
    await expect(seedDefault()).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      message: expect.stringContaining('migrate'),
    });
    await expect(seedDefault({ pg: { ...postgres, database: 'elsewhere' } })).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      message: expect.stringContaining('PGDATABASE'),
    });
  });
});

test('over HTTP, the same input is the same run, before and after a restart of the service', async () => {
  const log = createLogger('seeder-itest', { level: 'silent' });
  const start = () => {
    const runs = new Runs(postgres, fileURLToPath(new URL('../data', import.meta.url)), log);
    return { runs, server: createServer({ runs, log }) };
  };
  const first = start();
  const payload = { input: 'mock-events.ndjson', format: 'ndjson', rate: '4000/s' };
  const answers = await Promise.all([1, 2].map(() => first.server.inject({ method: 'POST', url: '/runs', payload })));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
  const [id, again] = answers.map((answer) => answer.json().id as string);
  expect(again).toBe(id);
  await untilApplied(1_000);
  expect((await first.server.inject(`/runs/${id}`)).json()).toMatchObject({ id, state: 'running' });
  await first.runs.stop();
  expect((await first.server.inject(`/runs/${id}`)).json().state).toBe('interrupted');

  const second = start();
  expect((await second.server.inject(`/runs/${id}`)).json()).toMatchObject({
    id,
    state: 'interrupted',
    progress: { operations: await applied() },
  });
  await second.server.inject({
    method: 'POST',
    url: '/runs',
    payload: { input: 'mock-events.ndjson', format: 'ndjson' },
  });
  let run: { state: string; summary?: SeedSummary } = { state: 'running' };
  for (const deadline = Date.now() + 30_000; run.state === 'running' && Date.now() < deadline; await sleep(100)) {
    run = (await second.server.inject(`/runs/${id}`)).json();
  }
  expect(run).toMatchObject({ state: 'finished', summary: { rejects: {} } });
  expect(run.summary!.alreadyApplied).toBeGreaterThanOrEqual(1_000);
  await second.runs.stop();
  expect((await start().server.inject(`/runs/${id}`)).json()).toMatchObject({ state: 'finished' });
}, 90_000);

function environment(): Record<string, string> {
  const { host, port, user, password, database } = postgres;
  return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
}

async function applied(): Promise<number> {
  const { rows } = await client.query<{ n: string }>(
    'SELECT coalesce(max(operations_applied), 0) AS n FROM shop.seed_runs',
  );
  return Number(rows[0]!.n);
}

async function untilApplied(least: number): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
    if ((await applied()) >= least) return;
  }
  throw new Error(`after 30 s not ${least} operations were applied`);
}
