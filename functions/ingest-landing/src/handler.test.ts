import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DeliveredEvent } from '@tributary/platform/cloud-function';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { type ChainEventInput, chainEvent } from '@tributary/platform/events';
import { inspectCommits } from '@tributary/platform/group-commit';
import { type Interference, ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import type { ExecutionState, PipelineLauncher } from '@tributary/platform/jobs';
import { createLogger } from '@tributary/platform/log';
import { parsePiiKeys, unseal } from '@tributary/platform/pii';
import { RecordingBus, RecordingJobs } from '@tributary/platform/stage/testing';
import { datasetsOf } from './datasets.ts';
import { landingHandler } from './handler.ts';

const LANDING = 'landing';
const LAKE = 'lake';
const log = createLogger('test', { level: 'silent' });
const piiKeys = parsePiiKeys(
  JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } }),
  'test',
);
const CSV = 'order_id,customer_id\n1,2\n';
const ORDERS = 'landing/orders/november.csv';

class RecordingLauncher implements PipelineLauncher {
  readonly launched: { launchId: string; args: Readonly<Record<string, string>> }[] = [];
  readonly states = new Map<string, ExecutionState>();

  async launchBatch(launchId: string, args: Readonly<Record<string, string>>): Promise<string> {
    this.launched.push({ launchId, args });
    const job = `job-${this.launched.length}`;
    this.states.set(job, 'running');
    return job;
  }

  async state(jobId: string): Promise<ExecutionState> {
    return this.states.get(jobId) ?? 'unknown';
  }
}

let lake: MemoryLake;
let clock: ManualClock;
let bus: RecordingBus;
let jobs: RecordingJobs;
let launcher: RecordingLauncher;
let tell: (...events: DeliveredEvent[]) => Promise<void>;

beforeEach(() => {
  [lake, clock, bus, jobs] = [new MemoryLake(), new ManualClock(), new RecordingBus(), new RecordingJobs()];
  launcher = new RecordingLauncher();
  restart();
});

/** Another instance of the function: it has no memory. */
function restart(interfere: Interference = () => undefined) {
  const handler = landingHandler({
    ...{ lake: lake.seenThrough(interfere), clock, bus, jobs, launcher, piiKeys },
    lakeBucket: LAKE,
    landingBucket: LANDING,
    piiKeysFile: '/secrets/pii.json',
    datasets: datasetsOf(loadContracts(), loadMappings()),
    inputUri: (bucket, name) => `s3://${bucket}/${name}`,
  });
  tell = async (...events) => {
    for (const event of events) await handler(event, log);
  };
}

/** The job ends, having said what became of the file. */
async function ends(job: number, error: { code: string; message: string } | null = null): Promise<void> {
  const { report } = launcher.launched[job - 1]!.args;
  const rows = error ? 0 : 2;
  await lake.write(LAKE, report!, JSON.stringify({ input: 'x', generation: '1', rows, dead_letters: 1, error }));
  launcher.states.set(`job-${job}`, 'succeeded');
}

async function drop(name: string, body: string | Buffer = CSV): Promise<Extract<DeliveredEvent, { kind: 'object' }>> {
  const { generation, size } = await lake.write(LANDING, name, body);
  const object = { bucket: LANDING, name, generation, size, timeCreated: '2026-11-21T05:20:02.123Z' };
  return { kind: 'object', object, traceparent: undefined };
}

const chain = (input: Partial<ChainEventInput> & Pick<ChainEventInput, 'type'>): DeliveredEvent => ({
  kind: 'chain',
  event: chainEvent({ runId: 'run', ...input }),
});
const tick = () => chain({ type: 'sweep.tick', identity: [String(clock.now())] });

function verdict(failing: unknown[] = [], manifest = 'landing-gate-000000001', attempt = 1) {
  const error = failing.length > 0 ? { code: 'GATE_FAILED', message: 'failed' } : null;
  return chain({ type: 'quality.checked', detail: { gate: 'landing', manifest, attempt, failing }, error });
}

const kinds = () => bus.chain().map(({ type, error }) => error?.code ?? type);
const landed = async (name: string) => (await lake.read(LANDING, name)) !== undefined;

async function isQuiet() {
  const commits = await inspectCommits(lake, LAKE, clock);
  return commits.every(({ waiting, openManifest }) => waiting === 0 && !openManifest);
}

describe('ingest-landing', () => {
  test('a file that passes the gate is ingested by the pipeline and leaves the landing bucket', async () => {
    const event = await drop(ORDERS);
    await tell(event, event);
    const reference = `${LANDING}/${ORDERS}#${event.object.generation}`;
    expect(jobs.started).toHaveLength(1);
    expect(jobs.started[0]).toMatchObject({
      job: 'great-expectations',
      args: expect.arrayContaining(['--gate', 'landing', '--object', reference, '--dataset', 'orders']),
    });
    await tell(verdict(), verdict());
    expect(launcher.launched).toHaveLength(1);
    expect(launcher.launched[0]!.args).toEqual({
      source: 'files',
      input: `s3://${LANDING}/${ORDERS}`,
      stream: 'orders',
      format: 'csv',
      compression: 'none',
      report: expect.stringMatching(/^control\/landing-reports\/[0-9a-f]{64}\.json$/),
      generation: event.object.generation,
      objectTime: '2026-11-21T05:20:02.123Z',
      piiKeysFile: '/secrets/pii.json',
    });
    await tell(tick());
    expect(await landed(ORDERS)).toBe(true);
    await ends(1);
    await tell(tick(), tick());
    expect(kinds()).toEqual(['landing.accepted', 'landing.ingested']);
    expect(bus.chain().at(-1)!.counts).toMatchObject({ rows: 2, dead_letters: 1 });
    expect(await landed(ORDERS)).toBe(false);
    expect(await isQuiet()).toBe(true);
    // The event that comes once more finds nothing to do.
    await tell(event);
    expect(jobs.started).toHaveLength(1);
  });

  test('a file that fails the gate is sealed into quarantine with its reason, and a person is told', async () => {
    const event = await drop(ORDERS, 'order_id\nann@example.com\n');
    await tell(event, verdict(['expect_column_to_exist']));
    const target = `quarantine/orders/november.csv.${event.object.generation}.sealed`;
    const stored = (await lake.read(LAKE, target))!.body.toString();
    expect(stored).not.toContain('example');
    expect(unseal(stored.trim(), piiKeys).toString()).toBe('order_id\nann@example.com\n');
    expect(JSON.parse((await lake.read(LAKE, `${target}.reason.json`))!.body.toString())).toMatchObject({
      code: 'GATE_FAILED',
      stage: 'landing',
    });
    expect(kinds()).toEqual(['GATE_FAILED']);
    expect(await landed(ORDERS)).toBe(false);
    expect(launcher.launched).toEqual([]);
    expect(await isQuiet()).toBe(true);
  });

  test('what was told of a file is over once a file of its name is ingested', async () => {
    await tell(await drop(ORDERS, 'order_id\nbroken\n'), verdict(['expect_column_to_exist']));
    const incident = `landing:${ORDERS}`;
    expect(bus.chain()).toMatchObject([{ type: 'incident.raised', detail: { incident, runbook: 'quarantine' } }]);
    await tell(await drop(ORDERS, 'order_id\nmended\n'), verdict([], 'landing-gate-000000002'));
    await ends(1);
    await tell(tick());
    expect(bus.chain().at(-1)).toMatchObject({ type: 'incident.cleared', detail: { incident } });
    expect(await isQuiet()).toBe(true);
  });

  test('a file that the gate cannot read goes to quarantine with what the gate said of it', async () => {
    const event = await drop(ORDERS);
    const failing = { asset: ORDERS, expectation: 'file_can_be_read', detail: { error: 'it is not whole gzip' } };
    await tell(event, verdict([failing]));
    expect(kinds()).toEqual(['UNREADABLE_FILE']);
    expect(bus.chain()[0]!.error!.message).toBe('The file cannot be read: it is not whole gzip.');
    expect(await landed(ORDERS)).toBe(false);
    expect(launcher.launched).toEqual([]);
  });

  test('a file whose event tells no size is looked at, not taken for empty', async () => {
    const { object, ...event } = await drop(ORDERS);
    const { size: _, ...untold } = object;
    await tell({ ...event, object: untold }, { ...event, object: { ...untold, name: 'landing/orders/gone.csv' } });
    expect(jobs.started).toHaveLength(1);
    expect(bus.chain()).toEqual([]);
  });

  test('the same file dropped twice adds nothing; a changed one is ingested', async () => {
    await tell(await drop(ORDERS), verdict());
    await ends(1);
    await tell(tick());
    await tell(await drop(ORDERS));
    expect(jobs.started).toHaveLength(1);
    expect(kinds()).toEqual(['landing.accepted', 'landing.ingested', 'landing.ingested']);
    expect(await landed(ORDERS)).toBe(false);
    await tell(await drop(ORDERS, `${CSV}3,4\n`));
    expect(jobs.started).toHaveLength(2);
  });

  test.each([
    ['landing/orderz/a.csv', CSV, 'UNKNOWN_DATASET', 'quarantine/_unknown/a.csv'],
    ['landing/orders/a.xlsx', CSV, 'UNSUPPORTED_FORMAT', 'quarantine/orders/a.xlsx'],
    ['landing/orders/a.gz', CSV, 'UNSUPPORTED_FORMAT', 'quarantine/orders/a.gz'],
    ['landing/orders/a.parquet.gz', CSV, 'UNSUPPORTED_FORMAT', 'quarantine/orders/a.parquet.gz'],
    ['landing/orders/a.csv.gz', CSV, 'FORMAT_MISMATCH', 'quarantine/orders/a.csv.gz'],
    ['landing/orders/a.parquet', CSV, 'FORMAT_MISMATCH', 'quarantine/orders/a.parquet'],
    ['landing/orders/b.csv', 'PAR1 and more', 'FORMAT_MISMATCH', 'quarantine/orders/b.csv'],
    ['landing/orders/c.csv', 'PK\u0003\u0004', 'FORMAT_MISMATCH', 'quarantine/orders/c.csv'],
    ['landing/orders/a.csv', '', 'EMPTY_FILE', 'quarantine/orders/a.csv'],
    ['readme.csv', CSV, 'MISPLACED_FILE', 'quarantine/_unknown/readme.csv'],
  ])('%s cannot be ingested, goes to quarantine and is told (%#)', async (name, body, code, target) => {
    const event = await drop(name, body);
    await tell(event, event);
    expect(kinds()).toEqual([code]);
    expect(await lake.read(LAKE, `${target}.${event.object.generation}.sealed.reason.json`)).toBeDefined();
    expect(await landed(name)).toBe(false);
    expect(jobs.started).toEqual([]);
  });

  test.each([
    ['orders/a.CSV.GZ', gzipSync(CSV), { format: 'csv', compression: 'gzip' }],
    ['orders/2026/11/a.b.ndjson.gz', gzipSync('{}'), { format: 'ndjson', compression: 'gzip' }],
    ['orders/a.jsonl', '{}', { format: 'ndjson', compression: 'none' }],
    ['orders/a.json.gz', gzipSync('{}'), { format: 'ndjson', compression: 'gzip' }],
    ['orders/a.parquet', 'PAR1…', { format: 'parquet', compression: 'none' }],
  ])('%s is read as its name says', async (name, body, expected) => {
    await tell(await drop(`landing/${name}`, body), verdict());
    expect(launcher.launched[0]!.args).toMatchObject({ stream: 'orders', ...expected });
    expect(launcher.launched[0]!.args).not.toHaveProperty('mapping');
  });

  test('a file of a mapped dataset becomes rows of its stream by its mapping', async () => {
    await tell(await drop('landing/online_retail/2010.csv'), verdict());
    expect(jobs.started[0]!.args).toEqual(expect.arrayContaining(['--dataset', 'online_retail']));
    const { stream, mapping } = launcher.launched[0]!.args;
    expect(stream).toBe('order_lines');
    expect(JSON.parse(mapping!)).toEqual(loadMappings().get('online_retail'));
    await ends(1);
    await tell(tick());
    expect(bus.chain().at(-1)).toMatchObject({ type: 'landing.ingested', streams: ['order_lines'] });
  });

  test('a file that the pipeline finds corrupt goes to quarantine with the reason it gave, and is not tried again', async () => {
    const body = gzipSync(CSV).subarray(0, 20);
    const event = await drop('landing/orders/a.csv.gz', body);
    await tell(event, verdict());
    await ends(1, { code: 'CORRUPT_FILE', message: 'It was cut off.' });
    await tell(tick(), tick());
    expect(launcher.launched).toHaveLength(1);
    const target = `quarantine/orders/a.csv.gz.${event.object.generation}.sealed`;
    expect(unseal((await lake.read(LAKE, target))!.body.toString().trim(), piiKeys)).toEqual(body);
    expect(JSON.parse((await lake.read(LAKE, `${target}.reason.json`))!.body.toString())).toMatchObject({
      code: 'CORRUPT_FILE',
      message: 'It was cut off.',
    });
    expect(kinds()).toEqual(['landing.accepted', 'CORRUPT_FILE']);
    expect(await landed('landing/orders/a.csv.gz')).toBe(false);
    expect(await isQuiet()).toBe(true);
  });

  test('a pipeline that does not say what became of a file is told, and the file stays', async () => {
    await tell(await drop(ORDERS), verdict());
    launcher.states.set('job-1', 'succeeded');
    await tell(tick(), tick());
    expect(kinds()).toEqual(['landing.accepted', 'REPORT_MISSING']);
    expect(await landed(ORDERS)).toBe(true);
  });

  test('files go one at a time, and each goes', async () => {
    const files = [await drop(ORDERS), await drop('landing/customers/a.ndjson', '{}\n')];
    await tell(...files);
    expect(jobs.started).toHaveLength(1);
    await tell(verdict());
    expect(jobs.started).toHaveLength(2);
    await tell(verdict([], 'landing-gate-000000002'));
    expect(launcher.launched).toHaveLength(1);
    await ends(1);
    await tell(tick());
    await ends(2);
    await tell(tick());
    expect(launcher.launched.map(({ args }) => args.stream).sort()).toEqual(['customers', 'orders']);
    expect(kinds().filter((kind) => kind === 'landing.ingested')).toHaveLength(2);
  });

  test('a file replaced while it is checked is not ingested unchecked', async () => {
    const event = await drop(ORDERS);
    await tell(event);
    const newer = await drop(ORDERS, `${CSV}3,4\n`);
    await tell(newer, verdict());
    expect(launcher.launched).toEqual([]);
    await tell(verdict([], 'landing-gate-000000002'));
    expect(launcher.launched.map(({ args }) => args.generation)).toEqual([newer.object.generation]);
  });

  test('a gate that could not run is no verdict: it is tried again, then told, and the file stays', async () => {
    await tell(await drop(ORDERS));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const error = { code: 'GX_ABORTED', message: '' };
      const detail = { gate: 'landing', manifest: 'landing-gate-000000001', attempt, failing: [] };
      await tell(chain({ type: 'quality.checked', detail, error }));
      jobs.states.set(`great-expectations-${attempt}`, 'failed');
      await tell(tick());
      clock.advance(10_000);
      await tell(tick());
    }
    expect(jobs.started).toHaveLength(3);
    expect(kinds()).toEqual(['ATTEMPTS_EXHAUSTED']);
    expect(await landed(ORDERS)).toBe(true);
  });

  test('a pipeline that fails is started again under another id', async () => {
    await tell(await drop(ORDERS), verdict());
    launcher.states.set('job-1', 'failed');
    await tell(tick());
    expect(new Set(launcher.launched.map(({ launchId }) => launchId)).size).toBe(2);
    await ends(2);
    await tell(tick());
    expect(kinds()).toEqual(['landing.accepted', 'landing.ingested']);
  });

  test('a file whose event never came is found by the sweep', async () => {
    await drop(ORDERS);
    await tell(tick());
    expect(jobs.started).toEqual([]);
    clock.advance(90_000);
    await tell(tick());
    expect(jobs.started).toHaveLength(1);
  });

  test('a tick where all is well does nothing and costs two listings, of nothing', async () => {
    const requests: string[] = [];
    restart((moment, operation, name) => {
      if (moment === 'before') requests.push(`${operation} ${name}`);
    });
    await tell(tick());
    expect(requests).toEqual(['list control/arrivals/landing-', 'list ']);
    expect([jobs.started, launcher.launched]).toEqual([[], []]);
  });

  test('a verdict that could not be acted on is acted on when it comes again', async () => {
    await tell(await drop(ORDERS));
    bus.down = true;
    await expect(tell(verdict())).rejects.toThrow('the bus is down');
    bus.down = false;
    restart();
    await tell(verdict());
    expect(launcher.launched).toHaveLength(1);
    expect(kinds()).toEqual(['landing.accepted']);
  });
});
