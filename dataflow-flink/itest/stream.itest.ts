import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PIPELINE_JAR_ID } from '@tributary/local-emulator/components/flink';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { COMPILED_CONTRACTS } from '@tributary/platform/contracts';
import { ActivityTopic, expectedActivity } from './activity.ts';
import type { Row } from './lake-rows.ts';
import { RunningJob } from './running-job.ts';
import { created, type Line, lineEvent, message, priceEvent, wireTime } from './shop.ts';
import { trade } from './trade.ts';
import { until } from './until.ts';

/** Flush after 5 s, checkpoint every 5 s, and a second of the watermark; the rest is for a machine that does much else. */
const VISIBLE_WITHIN_SECONDS = 30;
const NOON = Date.parse('2026-11-20T12:00:00Z');

let stack: TestStack;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stream-'));
  stack = await startComponents(['kafka', 'minio', 'flink-jobmanager', 'flink-taskmanager'], { needs: false });
}, 600_000);

afterAll(async () => {
  await stack?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe('a stream with long silences', () => {
  let contracts: string;
  let job: RunningJob;
  let lsn = 1_000;

  beforeAll(async () => {
    contracts = join(folder, 'contracts.json');
    writeFileSync(contracts, readFileSync(COMPILED_CONTRACTS));
    job = await RunningJob.of(stack, 'silent', contracts);
    await job.start(PIPELINE_JAR_ID);
  }, 240_000);

  afterAll(async () => {
    await job?.end();
  }, 30_000);

  const line = (id: string, time: number): Line => ({
    id,
    product: 'lamp',
    customer: 5,
    kind: 'purchase',
    quantity: 2,
    cents: 1_250,
    time,
  });

  function order(id: string, more: Record<string, unknown> = {}) {
    const row = { order_id: id, customer_id: 5, kind: 'purchase', status: 'placed', country: null, ...more };
    return created('orders', 'order_id', { ...row, order_time: wireTime(NOON), updated_at: wireTime(NOON) }, ++lsn);
  }

  async function rowsOf(stream: string, ids: readonly string[]): Promise<Row[]> {
    let rows: Row[] = [];
    await until(`rows of ${stream}`, VISIBLE_WITHIN_SECONDS, async () => {
      rows = (await job.lake.rows(`processed/${stream}/`)).filter(({ _event_id }) => ids.includes(_event_id as string));
      return rows.length >= ids.length;
    });
    return rows;
  }

  test('shows few rows as soon as the time to flush and a checkpoint have passed', async () => {
    const events = [order('o1'), order('o2'), order('o3')];
    await job.bus.publish('changes', events.map(message));
    const rows = await rowsOf(
      'orders',
      events.map(({ event_id }) => event_id),
    );
    expect(rows.map(({ order_id }) => order_id).sort()).toEqual(['o1', 'o2', 'o3']);
  }, 60_000);

  test('lets a line that waits for its price go on, though nothing comes after it and no dead letter ever came', async () => {
    const price = priceEvent({ product: 'lamp', cents: 999, from: NOON - 1_000 }, ++lsn);
    await job.bus.publish('changes', [message(price)]);
    const event = lineEvent(line('waits', NOON), ++lsn);
    await job.bus.publish('changes', [message(event)]);
    const [row] = await rowsOf('order_lines', [event.event_id]);
    expect(row).toMatchObject({ order_line_id: 'waits', product_category: 'things' });
    expect(Number(row!.product_price)).toBe(9.99);
  }, 60_000);

  test('keeps a line that is too late for every window, and names it and its windows in a dead letter', async () => {
    const event = lineEvent(line('late', NOON - 3 * 86_400_000), ++lsn);
    await job.bus.publish('changes', [message(event)]);
    await rowsOf('order_lines', [event.event_id]);
    expect((await job.lake.rows('raw/order_lines/')).map(({ event_id }) => event_id)).toContain(event.event_id);
    let letters: Row[] = [];
    await until('the dead letter', VISIBLE_WITHIN_SECONDS, async () => {
      letters = await job.lake.rows('dead-letter/order_lines/pipeline/');
      return letters.length > 0;
    });
    const at = '2026-11-17T12:00:00.000000Z';
    expect(letters).toMatchObject([
      {
        event_id: event.event_id,
        reason: 'LATE',
        sealed: false,
        source: { view: 'customer_activity', event_time: at },
        message: expect.stringMatching(/customer_activity.*2026-11-17T12:00:00.*from 2026-11-19T12:00:00/),
      },
    ]);
    const payload = JSON.parse(Buffer.from(letters[0]!.payload as string, 'base64').toString());
    expect(payload).toMatchObject({ event_id: event.event_id, entity: 5, event_time: at });
  }, 90_000);

  test('takes up a contract with one more field: rows of both versions stay readable, each file with its own columns', async () => {
    const { streams } = JSON.parse(readFileSync(COMPILED_CONTRACTS, 'utf8'));
    const [major, minor] = streams.orders.version.split('.').map(Number);
    streams.orders.version = `${major}.${minor + 1}.0`;
    const gift_note = { name: 'gift_note', type: 'STRING', required: false, pii: 'none', description: 'A note.' };
    streams.orders.fields.push(gift_note);
    writeFileSync(`${contracts}.new`, JSON.stringify({ streams }));
    renameSync(`${contracts}.new`, contracts);
    const older = order('o4');
    const newer = { ...order('o5', { gift_note: 'for you' }), contract_version: streams.orders.version };
    await job.bus.publish('changes', [message(newer), message(older)]);
    await rowsOf('orders', [older.event_id, newer.event_id]);
    const files = await job.lake.files('processed/orders/');
    const notes = files.flatMap(({ columns, rows }) =>
      rows.map((row) => [row.order_id, columns.includes('gift_note') ? row.gift_note : 'no such column']),
    );
    const found = Object.fromEntries(notes);
    expect(found).toMatchObject({ o1: 'no such column', o2: 'no such column', o3: 'no such column', o5: 'for you' });
    // Read before or after the change was taken up, by another task.
    expect([null, 'no such column']).toContain(found.o4);
    expect(notes).toHaveLength(5);
    expect(await job.lake.rows('dead-letter/orders/')).toEqual([]);
  }, 60_000);
});

describe('an upgrade', () => {
  let job: RunningJob;
  let activity: ActivityTopic;

  beforeAll(async () => {
    job = await RunningJob.of(stack, 'upgrade');
    activity = await ActivityTopic.of(job.bus);
  }, 60_000);

  afterAll(async () => {
    await job?.end();
  }, 30_000);

  async function idsOf(prefix: string, column: string): Promise<unknown[]> {
    return (await job.lake.rows(prefix)).map((row) => row[column]);
  }

  test('to a version with one more step takes what the old one remembered and read, and nothing is new or missing', async () => {
    const all = trade(8, 2, 2_000);
    const [first, second] = all.waves.map(({ prices, messages }) => [...prices, ...messages]);
    const firstLines = new Map([...all.lines].filter(([, { id }]) => id.startsWith('L0-')));
    const ids = [...all.lines.keys(), ...all.priceIds].sort();

    await job.start(PIPELINE_JAR_ID);
    await job.bus.publish('changes', first!);
    // Half of it still waits for prices and checkpoints: the savepoint is taken at work.
    await until('features of the first half', 90, async () => {
      const found = activity.found();
      return [...expectedActivity(firstLines.values())].every(([customer, { n }]) => found.get(customer)?.n === n);
    });
    const savepoint = await job.stopWithSavepoint(folder);
    const jar = join(stack.machine.state, 'flink', 'upload', 'flink-web-upload', 'tributary-pipeline-next.jar');
    await makeNextVersion(jar);

    await job.start(basename(jar), savepoint);
    // Prices of the first half are not sent again: lines of the second find them in what the old version remembered.
    await job.bus.publish('changes', [...all.waves[0]!.messages, ...second!]);
    await until('all lines to be in the lake', 120, async () => {
      const found = new Set(await idsOf('processed/', '_event_id'));
      const missing = ids.filter((id) => !found.has(id)).length;
      return missing === 0 || `${missing} missing`;
    });
    // Whatever would come twice would come with the next files.
    await delay(11_000);
    expect((await idsOf('processed/', '_event_id')).sort()).toEqual(ids);
    const raw = (await idsOf('raw/', 'event_id')).filter((id) => id !== null);
    expect(raw.sort()).toEqual([...ids, ...all.refused].sort());
    expect(
      (await job.lake.rows('processed/order_lines/')).filter(({ product_price }) => product_price === null),
    ).toEqual([]);
    const expected = expectedActivity(all.lines.values());
    await until('features of all lines', 60, async () => {
      const found = activity.found();
      return [...expected].every(([customer, { n }]) => found.get(customer)?.n === n);
    });
    expect(activity.found()).toEqual(expected);
  }, 600_000);

  async function makeNextVersion(jar: string): Promise<void> {
    const { java, pipelineJar } = stack.machine.tools;
    const root = join(stack.machine.root, 'dataflow-flink');
    await promisify(execFile)(java, [
      join(root, 'itest', 'AddStep.java'),
      join(root, 'src/main/java'),
      pipelineJar,
      jar,
    ]);
  }
});
