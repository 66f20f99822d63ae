import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus, type ReceivedMessage, type Topic } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { COMPILED_CONTRACTS } from '@tributary/platform/contracts';
import {
  type ChainEvent,
  type ChangeEvent,
  type DeadLetter,
  parseChainEvent,
  parseChangeEvent,
  parseDeadLetter,
} from '@tributary/platform/events';
import { loadPiiKeys, unseal } from '@tributary/platform/pii';
import { Client } from 'pg';

/** One story, told in order, on one Postgres, engine, bridge and Kafka that run through it. */
describe('a schema that changes while everything runs', () => {
  let stack: TestStack;
  let bus: ManagedBus;
  let db: Client;
  let folder: string;
  let file: string;
  let order = 0;
  const received: Record<string, ReceivedMessage[]> = { changes: [], 'dead-letter': [], chain: [] };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'evolution-'));
    file = join(folder, 'contracts.json');
    writeFileSync(file, readFileSync(COMPILED_CONTRACTS));
    process.env.CONTRACTS = file;
    stack = await startComponents(['debezium-engine']);
    bus = createBus(readConfigFrom({ ...stack.env, BUS: 'kafka' }, 'bus').bus);
    for (const topic of Object.keys(received)) await collect(topic as Topic);
    const { PGHOST: host, PGPORT, PGUSER: user, PGPASSWORD: password, PGDATABASE: database } = stack.env;
    db = new Client({ host, port: Number(PGPORT), user, password, database });
    await db.connect();
  }, 240_000);

  afterAll(async () => {
    delete process.env.CONTRACTS;
    await db?.end();
    await bus?.close();
    await stack?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function collect(topic: Topic): Promise<void> {
    for (const start = Date.now(); ; await delay(500)) {
      try {
        await bus.subscribe(topic, `test-${topic}`, async (batch) => void received[topic]!.push(...batch));
        return;
      } catch (error) {
        // A broker that has just started may not know its consumer groups yet.
        if (Date.now() - start > 30_000) throw error;
      }
    }
  }

  const changes = (): ChangeEvent[] => received.changes!.map(({ data }) => parseChangeEvent(data));
  const letters = (): DeadLetter[] => received['dead-letter']!.map(({ data }) => parseDeadLetter(data));
  const incidents = (): ChainEvent[] =>
    received.chain!.map(({ data }) => parseChainEvent(data)).filter(({ error }) => error?.code === 'UNKNOWN_COLUMN');

  async function until<T>(what: string, find: () => T | undefined): Promise<T> {
    for (const start = Date.now(); ; await delay(50)) {
      const found = find();
      if (found !== undefined) return found;
      if (Date.now() - start > 30_000) throw new Error(`waited 30 s for ${what}`);
    }
  }

  /** Places an order, with what else its row has, and waits for what becomes of it. */
  async function place(
    columns: Readonly<Record<string, string>> = {},
    status = 'status',
  ): Promise<ChangeEvent | DeadLetter> {
    const id = `evolving-${++order}`;
    const names = ['order_id', 'kind', status, 'order_time', 'updated_at', ...Object.keys(columns)];
    const values = [
      id,
      'purchase',
      'placed',
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05Z',
      ...Object.values(columns),
    ];
    const refused = letters().length;
    await db.query(
      `INSERT INTO shop.orders (${names.join(', ')}) VALUES (${values.map((_, at) => `$${at + 1}`).join(', ')})`,
      values,
    );
    return until(
      `what becomes of ${id}`,
      () => changes().find(({ key }) => key?.order_id === id) ?? letters()[refused],
    );
  }

  async function change(columns: Readonly<Record<string, string>> = {}): Promise<ChangeEvent> {
    const found = await place(columns);
    if ('dead_letter_id' in found) throw new Error(`expected a change, got ${found.reason}: ${found.message}`);
    return found;
  }

  async function totals(): Promise<{ changes: number }> {
    const response = await fetch(`http://127.0.0.1:${stack.machine.port('bridge')}/readyz`);
    return ((await response.json()) as { totals: { changes: number } }).totals;
  }

  /** Puts contracts in place as `npm run contracts` does. */
  function write(text: string): void {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  test('a column no contract knows is kept sealed, and people are told of it once', async () => {
    expect((await change()).unknown).toBeUndefined();
    await db.query('ALTER TABLE shop.orders ADD COLUMN gift_note varchar(10)');
    const event = await change({ gift_note: 'for Anna' });
    expect(event.after).not.toHaveProperty('gift_note');
    const keys = loadPiiKeys(stack.env.PII_KEYS_FILE!);
    expect(JSON.parse(unseal(event.unknown!, keys).toString())).toEqual({ after: { gift_note: 'for Anna' } });
    await change({ gift_note: 'for Bert' });
    const incident = await until('the incident', () => incidents()[0]);
    expect(incident).toMatchObject({ streams: ['orders'], detail: { stage: 'bridge', columns: 'orders.gift_note' } });
    expect(incidents()).toHaveLength(1);
    expect(received.chain!.some(({ data }) => data.includes('Anna'))).toBe(false);
  }, 90_000);

  test('a broken contract file changes nothing', async () => {
    write(readFileSync(COMPILED_CONTRACTS, 'utf8').slice(0, 2_000));
    await delay(2_500);
    expect(await change({ gift_note: 'still' })).toMatchObject({
      contract_version: '1.0.0',
      unknown: expect.any(String),
    });
  }, 60_000);

  test('once the contract has the column it flows, and nothing was restarted', async () => {
    const before = await totals();
    const { streams } = JSON.parse(readFileSync(COMPILED_CONTRACTS, 'utf8'));
    streams.orders.version = '1.1.0';
    const gift_note = { name: 'gift_note', type: 'STRING', required: false, pii: 'none', description: 'A note.' };
    streams.orders.fields.push(gift_note);
    write(JSON.stringify({ streams }));
    await delay(2_500);
    const event = await change({ gift_note: 'carried' });
    expect(event).toMatchObject({ contract_version: '1.1.0', after: { gift_note: 'carried' } });
    expect(event.unknown).toBeUndefined();
    // Counted since the bridge started.
    expect((await totals()).changes).toBe(before.changes + 1);
  }, 60_000);

  test('a column that gets wider needs nothing', async () => {
    await db.query('ALTER TABLE shop.orders ALTER COLUMN gift_note TYPE text');
    expect((await change({ gift_note: 'longer than ten' })).after).toMatchObject({ gift_note: 'longer than ten' });
    await db.query('ALTER TABLE shop.products ALTER COLUMN unit_price TYPE numeric(28,8)');
    await db.query(`INSERT INTO shop.products VALUES ('WIDE', NULL, NULL, 1.12345678, now(), now())`);
    const product = await until('the product', () => changes().find(({ key }) => key?.product_id === 'WIDE'));
    expect(product.after!.unit_price).toBe('1.12345678');
  }, 60_000);

  test('a required column that is renamed makes dead letters that name it, of that table only', async () => {
    await db.query('ALTER TABLE shop.orders RENAME COLUMN status TO state');
    const letter = await place({}, 'state');
    expect(letter).toMatchObject({
      stream: 'orders',
      stage: 'bridge',
      reason: 'CONTRACT_VIOLATION',
      field: 'status',
      message: expect.stringContaining('status'),
    });
    await db.query(`INSERT INTO shop.products VALUES ('ON', NULL, NULL, 1, now(), now())`);
    await until('the product', () => changes().find(({ key }) => key?.product_id === 'ON'));
  }, 60_000);
});
