import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus, type ReceivedMessage, type Topic } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { type ChangeEvent, type DeadLetter, parseChangeEvent, parseDeadLetter } from '@tributary/platform/events';
import { loadPiiKeys, tokenize, unseal } from '@tributary/platform/pii';
import { Client } from 'pg';

const START_MS = 240_000;
const PLANTED = [
  'planted.one@example.com',
  '+44 20 7946 0999',
  'Plantagenet Planted',
  '198.51.100.77',
  'Planted Lane 1',
];

describe('change capture from Postgres to Kafka', () => {
  let stack: TestStack;
  let bus: ManagedBus;
  let db: Client;
  const changes: ReceivedMessage[] = [];
  const deadLetters: ReceivedMessage[] = [];

  beforeAll(async () => {
    stack = await startComponents(['debezium-engine']);
    bus = createBus(readConfigFrom({ ...stack.env, BUS: 'kafka' }, 'bus').bus);
    await collect('changes', changes);
    await collect('dead-letter', deadLetters);
  }, START_MS);

  afterAll(async () => {
    await bus?.close();
    await stack?.stop();
  }, 60_000);

  beforeEach(async () => {
    db = await connect();
  });

  afterEach(() => db?.end().catch(() => {}));

  async function collect(topic: Topic, into: ReceivedMessage[]): Promise<void> {
    for (const start = Date.now(); ; await delay(500)) {
      try {
        await bus.subscribe(topic, `test-${topic}`, async (batch) => void into.push(...batch));
        return;
      } catch (error) {
        // A broker that has just started may not know its consumer groups yet.
        if (Date.now() - start > 30_000) throw error;
      }
    }
  }

  async function connect(): Promise<Client> {
    const { PGHOST: host, PGPORT, PGUSER: user, PGPASSWORD: password, PGDATABASE: database } = stack.env;
    const client = new Client({ host, port: Number(PGPORT), user, password, database, connectionTimeoutMillis: 2_000 });
    // A connection that ends with a killed server is noticed by the next query.
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  /** Runs a repeatable statement, over a new connection where the server went away. */
  async function write(sql: string): Promise<void> {
    for (const start = Date.now(); ; await delay(200)) {
      try {
        await db.query(sql);
        return;
      } catch (error) {
        if (Date.now() - start > 60_000) throw error;
        await db.end().catch(() => {});
        db = await connect().catch(() => db);
      }
    }
  }

  const events = (): ChangeEvent[] => changes.map((message) => parseChangeEvent(message.data));
  const letters = (): DeadLetter[] => deadLetters.map((message) => parseDeadLetter(message.data));

  async function until<T>(what: string, find: () => T[], count: number, seconds = 60): Promise<T[]> {
    for (const start = Date.now(); ; await delay(50)) {
      const found = find();
      if (found.length >= count) return found;
      if (Date.now() - start > seconds * 1_000) {
        throw new Error(`waited ${seconds} s for ${count} ${what}, found ${found.length}`);
      }
    }
  }

  const short = ({ op, key, before, after }: ChangeEvent) => ({ op, key, before, after });

  test('every operation arrives once, in order, with exact values', async () => {
    const from = changes.length;
    await db.query(
      `INSERT INTO shop.products VALUES ('P1', 'Mug', NULL, 12.5, '2026-01-02T03:04:05.000006+02', '2026-01-02 03:04:05.123456Z')`,
    );
    await db.query(`UPDATE shop.products SET unit_price = 99999999999999.9999 WHERE product_id = 'P1'`);
    await db.query(`UPDATE shop.products SET product_id = 'P2' WHERE product_id = 'P1'`);
    await db.query(`DELETE FROM shop.products WHERE product_id = 'P2'`);
    await db.query('TRUNCATE shop.products');
    const made = await until('changes of products', () => events().slice(from), 6);

    const row = {
      product_id: 'P1',
      description: 'Mug',
      category: null,
      unit_price: '12.5000',
      created_at: '2026-01-02T01:04:05.000006Z',
      updated_at: '2026-01-02T03:04:05.123456Z',
    };
    const dear = { ...row, unit_price: '99999999999999.9999' };
    const moved = { ...dear, product_id: 'P2' };
    // One key has one order; the truncate has a key of its own and may come earlier.
    const of = (id: string | null) => made.filter((event) => (event.key?.product_id ?? null) === id).map(short);
    expect(of('P1')).toEqual([
      { op: 'c', key: { product_id: 'P1' }, before: null, after: row },
      { op: 'u', key: { product_id: 'P1' }, before: row, after: dear },
      { op: 'd', key: { product_id: 'P1' }, before: dear, after: null },
    ]);
    expect(of('P2')).toEqual([
      { op: 'c', key: { product_id: 'P2' }, before: null, after: moved },
      { op: 'd', key: { product_id: 'P2' }, before: moved, after: null },
    ]);
    expect(of(null)).toEqual([{ op: 't', key: null, before: null, after: null }]);
    const keyOf = (id: string): string | undefined =>
      changes.find((message) => message.attributes.id === made.find((event) => event.key?.product_id === id)!.event_id)
        ?.orderingKey;
    expect(keyOf('P1')).toBe('products:{"product_id":"P1"}');
  }, 90_000);

  test('an integer that no double holds arrives to the last digit', async () => {
    await db.query(
      `INSERT INTO shop.customers VALUES (9007199254740993, NULL, NULL, NULL, NULL, NULL, 'UK', now(), now())`,
    );
    const [made] = await until(
      'change',
      () => events().filter((event) => event.key?.customer_id === '9007199254740993'),
      1,
    );
    expect(made!.after!.customer_id).toBe('9007199254740993');
  }, 90_000);

  test('a large value that an update did not touch is there all the same', async () => {
    const large = 'ab'.repeat(100_000);
    await db.query(`INSERT INTO shop.products VALUES ('TOAST', $1, NULL, 1, now(), now())`, [
      // Random text, for what compresses well is kept in the row.
      Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString('hex') + large,
    ]);
    await db.query(`UPDATE shop.products SET unit_price = 2 WHERE product_id = 'TOAST'`);
    const [created, updated] = await until(
      'changes',
      () => events().filter((event) => event.key?.product_id === 'TOAST'),
      2,
    );
    expect(updated!.after!.description).toBe(created!.after!.description);
  }, 90_000);

  test('what breaks the contract is a sealed dead letter, and what follows goes on', async () => {
    const from = letters().length;
    await db.query(
      `INSERT INTO shop.user_events VALUES ('bad', 1, 'i', NULL, 'planted.one@example.com', NULL, now()), ('late', 1, 'i', NULL, 'pv', NULL, 'infinity')`,
    );
    await db.query(`INSERT INTO shop.user_events VALUES ('good', 1, 'i', NULL, 'pv', NULL, now())`);
    const made = (await until('dead letters', letters, from + 2)).slice(from);
    await until('change', () => events().filter((event) => event.key?.user_event_id === 'good'), 1);
    expect(made.map(({ reason, field }) => [reason, field]).sort()).toEqual([
      ['CONTRACT_VIOLATION', 'behavior'],
      ['UNREPRESENTABLE', 'event_time'],
    ]);
    const keys = loadPiiKeys(stack.env.PII_KEYS_FILE!);
    const violation = made.find((letter) => letter.reason === 'CONTRACT_VIOLATION')!;
    const original = JSON.parse(unseal(Buffer.from(violation.payload, 'base64').toString(), keys).toString());
    expect(original).toMatchObject({ op: 'c', after: { user_event_id: 'bad', behavior: 'planted.one@example.com' } });
  }, 90_000);

  test('planted personal data is in no topic and in no log', async () => {
    const [email, phone, name, ip, address] = PLANTED;
    await db.query(`INSERT INTO shop.customers VALUES (1001, $1, $2, $3, $4, $5, 'UK', now(), now())`, [
      name,
      email,
      phone,
      ip,
      address,
    ]);
    await db.query(`UPDATE shop.customers SET phone = $1 || ' ext 1' WHERE customer_id = 1001`, [phone]);
    await db.query(`ALTER TABLE shop.customers ADD COLUMN nickname text`);
    await db.query(`UPDATE shop.customers SET nickname = $1 WHERE customer_id = 1001`, [name]);
    await db.query(`DELETE FROM shop.customers WHERE customer_id = 1001`);
    const made = await until('changes', () => events().filter((event) => event.key?.customer_id === 1001), 4);
    const keys = loadPiiKeys(stack.env.PII_KEYS_FILE!);
    expect(made[0]!.after).toMatchObject({
      email: tokenize(email!, keys),
      name: tokenize(name!, keys),
      ip: '198.51.*.*',
    });
    expect(made[0]!.after).not.toHaveProperty('address');
    expect(JSON.parse(unseal(made[2]!.unknown!, keys).toString())).toMatchObject({ after: { nickname: name } });

    const bytes = [...changes, ...deadLetters].map(
      (message) => message.orderingKey + JSON.stringify(message.attributes) + message.data.toString(),
    );
    const logs = readdirSync(stack.machine.state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.log') && !entry.parentPath.includes('/kafka/'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    expect(logs.length).toBeGreaterThan(0);
    for (const planted of PLANTED) {
      expect([...bytes, ...logs].filter((text) => text.includes(planted))).toEqual([]);
    }
  }, 90_000);

  test('the slot passes the last change within seconds, and goes on while the application is idle', async () => {
    const position = async (column: string, from = ''): Promise<bigint> => {
      const { rows } = await db.query(`SELECT (${column} - '0/0'::pg_lsn)::text AS lsn ${from}`);
      return BigInt(rows[0].lsn);
    };
    for (let round = 0; round < 2; round++) {
      const target = await position('pg_current_wal_lsn()');
      const start = Date.now();
      while (
        (await position('confirmed_flush_lsn', `FROM pg_replication_slots WHERE slot_name = 'tributary'`)) < target
      ) {
        expect(Date.now() - start).toBeLessThan(10_000);
        await delay(100);
      }
    }
  }, 30_000);

  test.each(['debezium-engine', 'bridge', 'kafka', 'postgres'])(
    'nothing is lost and no change has two ids when %s is killed mid-stream',
    async (component) => {
      const rows = 2_000;
      const step = 100;
      const stream = `${component}-`;
      for (let n = 0; n < rows; n += step) {
        await write(
          `INSERT INTO shop.orders SELECT '${stream}' || i, NULL, 'purchase', 'placed', 'UK', now(), now() FROM generate_series(${n}, ${n + step - 1}) i ON CONFLICT DO NOTHING`,
        );
        await write(`UPDATE shop.orders SET status = 'shipped' WHERE order_id = '${stream}${n}' AND status = 'placed'`);
        if (n === rows / 2) await stack.kill(component);
      }
      await stack.untilReady(component);
      const find = (): ChangeEvent[] => events().filter((event) => String(event.key?.order_id).startsWith(stream));
      const distinct = (): string[] => [...new Set(find().map((event) => event.event_id))];
      await until(`changes of ${rows} orders`, distinct, rows + rows / step, 120);
      // Whatever is repeated may still be on its way.
      await delay(2_000);
      expect(distinct()).toHaveLength(rows + rows / step);
      const found = find();
      for (let n = 0; n < rows; n += step) {
        const ofKey = found.filter((event) => event.key!.order_id === `${stream}${n}`);
        const firsts = ofKey.filter(
          (event, index) => ofKey.findIndex(({ event_id }) => event_id === event.event_id) === index,
        );
        expect(firsts.map(({ op, after }) => [op, after!.status])).toEqual([
          ['c', 'placed'],
          ['u', 'shipped'],
        ]);
      }
    },
    240_000,
  );
});
