import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
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
import { createLake, type Lake } from '@tributary/platform/lake';
import { createWarehouse } from '@tributary/platform/warehouse';
import { startComponents, type TestStack } from '../testing.ts';

/** Three orders as the pipeline writes them. Argument: file. */
const WRITE_PARQUET = `
import sys, datetime, pyarrow as pa, pyarrow.parquet as pq
at = pa.array([datetime.datetime(2026, 11, 21, 5, 20, 2, tzinfo=datetime.timezone.utc)] * 3, pa.timestamp("us", "UTC"))
ids = [f"{n:032x}" for n in range(3)]
pq.write_table(pa.table({"_event_id": ids, "_op": ["c"] * 3, "_source_time": at, "_event_time": at, "_ingested_at": at, "_origin": ["stream"] * 3,
  "order_id": ids, "kind": ["purchase"] * 3}), sys.argv[1], compression="snappy")
`;
const EVENT_TIME = Date.parse('2026-11-21T05:20:02Z') / 1_000;

let stack: TestStack;
let lake: Lake;
let bucket: string;
let bus: ManagedBus;
let folder: string;
const functions: Record<string, RunningFunction> = {};
const told: ChainEvent[] = [];

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio', 'bigquery', 'metrics'], { needs: false });
  const config = readConfigFrom(stack.env, 'lake', 'warehouse', 'bus');
  lake = createLake(config.lake);
  bucket = config.lake.lakeBucket;
  await createWarehouse(config.warehouse).migrate();
  bus = createBus(config.bus);
  await bus.ensureTopics();
  await bus.subscribe('chain', 'a-group', async (batch) => {
    told.push(...batch.map(({ data }) => parseChainEvent(data)));
  });
  folder = mkdtempSync(join(tmpdir(), 'metrics-'));
  const env = { ...stack.env, DAILY_BYTES_BUDGET: '1000000000000' };
  for (const name of ['load-warehouse', 'notify', 'observe']) functions[name] = await startFunction(name, env);
}, 300_000);

afterAll(async () => {
  for (const each of Object.values(functions)) await each.stop('SIGKILL');
  await bus?.close();
  await stack?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function text(): Promise<string> {
  return (await fetch(`${stack.env.METRICS_ENDPOINT}/metrics`)).text();
}

/** Asks until the endpoint has a line of this name and these labels with a value that fits, for a minute at most. */
async function exported(series: string, fits: (value: number) => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = (await text()).split('\n').find((line) => line.startsWith(`${series} `));
    if (found && fits(Number(found.slice(series.length)))) return;
    if (Date.now() > deadline) throw new Error(`${series} is not there, or not yet: ${found}\n${await text()}`);
    await delay(200);
  }
}

test('an object on its way into the warehouse is told by every process it meets, in one Prometheus endpoint', async () => {
  const file = join(folder, 'part.parquet');
  execFileSync(join(stack.machine.tools.pythonBin, 'python'), ['-c', WRITE_PARQUET, file]);
  const object = await lake.write(bucket, 'processed/orders/dt=2026-11-21/hr=05/part-1.parquet', readFileSync(file));
  expect(await functions['load-warehouse']!.post(objectFinalized(object))).toBe(204);
  await exported('tributary_function_events_total{code="",function="load-warehouse",outcome="ok"}', (n) => n === 1);
  await exported('tributary_commit_lease_total{commit="load-orders",outcome="taken"}', (n) => n >= 1);

  const loaded = () => told.find(({ type }) => type === 'warehouse.loaded');
  for (const deadline = Date.now() + 60_000; !loaded() && Date.now() < deadline; ) await delay(100);
  // Told twice, as it may be; measured once.
  for (const _ of [1, 2]) expect(await functions.notify!.post(chainPublished(loaded()!))).toBe(204);
  await exported('tributary_function_events_total{code="",function="notify",outcome="ok"}', (n) => n === 2);
  await exported('tributary_stage_rows_total{of="orders",stage="load"}', (n) => n === 3);
  await exported('tributary_stage_bytes_total{of="orders",stage="load"}', (n) => n === object.size);
  await exported('tributary_stage_duration_count{outcome="ok",stage="load"}', (n) => n === 1);
  await exported('tributary_stage_runs_total{code="",outcome="ok",stage="load"}', (n) => n === 1);

  const garbage = await fetch(functions.notify!.url, { method: 'POST', body: 'this is no event' });
  expect(garbage.status).toBe(400);
  await exported(
    'tributary_function_events_total{code="EVENT_UNREADABLE",function="notify",outcome="refused"}',
    (n) => n === 1,
  );

  const tick = chainPublished(chainEvent({ type: 'sweep.tick', runId: 'tick' }));
  expect(await functions.observe!.post(tick)).toBe(204);
  await exported('tributary_stream_newest_event{stream="orders"}', (n) => n === EVENT_TIME);
  await exported('tributary_commit_waiting{commit="load-orders"}', (n) => n === 0);
  // The ledger's queries: each billed at least what BigQuery bills for a table.
  await exported('tributary_cost_bytes_billed_today{stage="load"}', (n) => n >= 2 * 10_485_760);
  await exported('tributary_cost_budget', (n) => n === 1e12);
  await exported('tributary_observer_looked', (n) => n > EVENT_TIME);

  await exported('tributary_bus_lag{group="a-group",topic="chain"}', (n) => n === 0);
}, 240_000);

test('a stage whose day is paid for starts nothing, keeps what asks for a run, and tells people', async () => {
  // Nothing listens there: a start would fail aloud.
  const env = { ...stack.env, DAILY_BYTES_BUDGET: '1', RUN_ENDPOINT: '127.0.0.1:1', SETTLE_SECONDS: '0' };
  functions.transform = await startFunction('transform', env);
  const load = chainEvent({ type: 'warehouse.loaded', runId: 'run', streams: ['orders'] });
  expect(await functions.transform.post(chainPublished(load))).toBe(204);
  const raised = () =>
    told.find(({ type, detail }) => type === 'incident.raised' && detail.incident === 'cost:required');
  for (const deadline = Date.now() + 120_000; !raised() && Date.now() < deadline; await delay(1_000)) {
    // The account may be another process's, of half a minute ago.
    const tick = chainPublished(chainEvent({ type: 'sweep.tick', runId: 'tick' }));
    expect(await functions.transform.post(tick)).toBe(204);
  }
  expect(raised()).toMatchObject({ error: { code: 'COST_BUDGET_SPENT' }, detail: { runbook: 'cost-budget' } });
  const commits = await inspectCommits(lake, bucket);
  expect(commits.find(({ name }) => name === 'transform')).toMatchObject({ waiting: 1, openManifest: undefined });
}, 240_000);

test("a process that is killed takes nothing with it but its last moments, and its successor's counts are added", async () => {
  await functions.notify!.stop('SIGKILL');
  functions.notify = await startFunction('notify', stack.env);
  const tick = chainPublished(chainEvent({ type: 'sweep.tick', runId: 'tick' }));
  expect(await functions.notify.post(tick)).toBe(204);
  await exported('tributary_function_events_total{code="",function="notify",outcome="ok"}', (n) => n === 3);
}, 120_000);
