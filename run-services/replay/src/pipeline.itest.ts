import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { COMPILED_CONTRACTS, loadContracts } from '@tributary/platform/contracts';
import { type ChangeEvent, changeMessage } from '@tributary/platform/events';
import { createLake, type Lake } from '@tributary/platform/lake';
import { loadPiiKeys } from '@tributary/platform/pii';
import { parquetReadObjects } from 'hyparquet';
import type { ReplayPorts } from './ports.ts';
import { replay } from './replay.ts';

/** The real pipeline on Flink, which follows a contract that changes while it runs. One story, told in order. */
describe('letters of the pipeline', () => {
  let stack: TestStack;
  let bus: ManagedBus;
  let lake: Lake;
  let ports: ReplayPorts;
  let folder: string;
  let file: string;
  const ids = ['1', '2', '3'].map((digit) => digit.repeat(32));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'replay-'));
    file = join(folder, 'contracts.json');
    writeFileSync(file, readFileSync(COMPILED_CONTRACTS));
    process.env.CONTRACTS = file;
    stack = await startComponents(['kafka', 'minio', 'flink-jobmanager', 'flink-taskmanager', 'pipeline'], {
      needs: false,
    });
    const config = readConfigFrom({ ...stack.env, BUS: 'kafka', LAKE: 'minio' }, 'bus', 'lake', 'pii');
    bus = createBus(config.bus);
    lake = createLake(config.lake);
    const { lakeBucket, landingBucket } = config.lake;
    ports = {
      lake,
      lakeBucket,
      landingBucket,
      bus,
      contracts: loadContracts(),
      keys: loadPiiKeys(config.pii.keysFile),
    };
  }, 600_000);

  afterAll(async () => {
    delete process.env.CONTRACTS;
    await bus?.close();
    await stack?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** An order as a bridge publishes it whose contract has `gift_note` already. */
  function ahead(event_id: string): ChangeEvent {
    const order_id = `order-${event_id[0]}`;
    const at = '2026-11-21T05:20:02.123456Z';
    const row = { order_id, customer_id: 7, kind: 'purchase', status: 'placed', country: null, gift_note: order_id };
    return {
      event_id,
      stream: 'orders',
      op: 'c',
      key: { order_id },
      before: null,
      after: { ...row, order_time: at, updated_at: at },
      source: { db: 'app', schema: 'shop', table: 'orders', lsn: `2673913${event_id[0]}`, tx: '761', ts: at },
      ingested_at: at,
      contract_version: '1.1.0',
    };
  }

  /** What lies in `processed/orders/`, row by row. */
  async function rows(): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for await (const { name } of lake.list(ports.lakeBucket, 'processed/orders/')) {
      const { body } = (await lake.read(ports.lakeBucket, name))!;
      const bytes = new Uint8Array(body).buffer;
      found.push(...(await parquetReadObjects({ file: bytes })));
    }
    return found;
  }

  async function letters(): Promise<number> {
    let count = 0;
    for await (const { name } of lake.list(ports.lakeBucket, 'dead-letter/orders/pipeline/'))
      count += name.endsWith('.json') ? 1 : 0;
    return count;
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const start = Date.now(); !(await holds()); await delay(500)) {
      if (Date.now() - start > 90_000) throw new Error(`waited 90 s for ${what}`);
    }
  }

  /** The contract of orders with the field that the events have. */
  function mended(): string {
    const { streams } = JSON.parse(readFileSync(COMPILED_CONTRACTS, 'utf8'));
    streams.orders.version = '1.1.0';
    const gift_note = { name: 'gift_note', type: 'STRING', required: false, pii: 'none', description: 'A note.' };
    streams.orders.fields.push(gift_note);
    return JSON.stringify({ streams });
  }

  test('of events that are ahead of its contract', async () => {
    await bus.publish(
      'changes',
      ids.map((id) => changeMessage(ahead(id), ['order_id'])),
    );
    await until('three letters', async () => (await letters()) === 3);
    const { outcomes } = await replay({ stream: 'orders' }, ports);
    expect(outcomes).toMatchObject(ids.map(() => ({ state: 'refused', why: expect.stringContaining('gift_note') })));
  }, 120_000);

  test('that are replayed before the pipeline has the fix are refused again, and it is said', async () => {
    const early = join(folder, 'early.json');
    writeFileSync(early, mended());
    ports = { ...ports, contracts: loadContracts(pathToFileURL(early)) };
    const { outcomes } = await replay({ stream: 'orders', waitMs: 30_000 }, ports);
    expect(outcomes).toMatchObject(ids.map(() => ({ state: 'refused', reason: 'CONTRACT_VIOLATION' })));
    expect(await letters()).toBe(6);
  }, 120_000);

  test('become rows once the pipeline has read the mended contract, which takes no restart; a second replay changes nothing', async () => {
    writeFileSync(`${file}.new`, mended());
    renameSync(`${file}.new`, file);
    // The pipeline looks every ten seconds.
    await delay(11_000);
    const first = await replay({ stream: 'orders' }, ports);
    expect(first).toMatchObject({ outcomes: ids.map(() => ({ state: 'replayed' })), earlier: { pipeline: 3 } });
    await until('three rows', async () => (await rows()).length >= 3);
    expect(await replay({ stream: 'orders' }, ports)).toEqual({ outcomes: [], earlier: { pipeline: 6 } });
    // Also where a message comes twice, as after a crash between publishing and marking.
    await bus.publish(
      'changes',
      ids.map((id) => ({ ...changeMessage(ahead(id), ['order_id']), attributes: { replay: '2' } })),
    );
    await delay(12_000);
    expect((await rows()).map(({ _event_id, gift_note }) => [_event_id, gift_note]).sort()).toEqual(
      ids.map((id) => [id, `order-${id[0]}`]),
    );
    expect(await letters()).toBe(6);
  }, 240_000);
});
