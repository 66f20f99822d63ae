import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import type { BusMessage, Topic } from '@tributary/platform/bus';
import type { CompiledContract, ContractField } from '@tributary/platform/contracts';
import { ErasedSubjects } from '@tributary/platform/erasures';
import { type ChangeEvent, parseChangeEvent, parseDeadLetter } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import { unseal } from '@tributary/platform/pii';
import type { FastifyInstance } from 'fastify';
import { Client } from 'pg';
import { KEYS } from './fixtures.ts';
import { BatchPublisher } from './publisher.ts';
import { createBridgeServer } from './server.ts';
import { Translator } from './translate.ts';

const START_MS = 240_000;
const WAIT_MS = 60_000;

/** The table whose changes were recorded in producers.ndjson, and more columns for what only our engine carries. */
const RECORDED: CompiledContract = JSON.parse(
  readFileSync(new URL('producers.ndjson', import.meta.url), 'utf8').split('\n', 1)[0]!,
).contract;

const field = (name: string, type: ContractField['type'], required = false): ContractField => ({
  name,
  type,
  required,
  pii: 'none',
  description: name,
});

const VALUES: CompiledContract = {
  ...RECORDED,
  stream: 'extremes',
  table: { schema: 'shop', name: 'extremes' },
  fields: [
    ...RECORDED.fields,
    field('nested', 'JSON'),
    field('decimals', 'JSON'),
    field('days', 'JSON'),
    field('times', 'JSON'),
    field('floats', 'JSON'),
    field('blobs', 'JSON'),
    { ...field('capped', 'NUMERIC'), onUnrepresentable: 'clamp' },
    { ...field('ends_on', 'DATE'), onUnrepresentable: 'clamp' },
    { ...field('ends_at', 'TIMESTAMP'), onUnrepresentable: 'null' },
  ],
};

/** REPLICA IDENTITY DEFAULT: no row before, and unchanged large values unknown. */
const KEYED: CompiledContract = {
  ...RECORDED,
  stream: 'keyed',
  table: { schema: 'shop', name: 'keyed' },
  fields: [
    field('id', 'INT64', true),
    field('n', 'INT64'),
    field('body', 'STRING', true),
    field('photo', 'BYTES'),
    field('doc', 'JSON'),
    field('words', 'JSON'),
    field('numbers', 'JSON'),
    field('days', 'JSON'),
    field('floats', 'JSON'),
    field('flags', 'JSON'),
    field('decimals', 'JSON'),
    field('ids', 'JSON'),
    field('blobs', 'JSON'),
  ],
};

const DDL = `
  CREATE EXTENSION hstore;
  CREATE EXTENSION ltree;
  CREATE TYPE shop.mood AS ENUM ('fine', 'sad');
  CREATE DOMAIN shop.amount AS numeric(38,9);
  CREATE DOMAIN shop.code AS text CHECK (value <> '');
  CREATE TABLE shop.extremes (
    id bigint PRIMARY KEY, num numeric(38,9), price numeric(18,4), anynum numeric, i8 bigint, i4 int, i2 smallint, f8 float8, f4 real, b boolean,
    d date, ts timestamp, ts3 timestamp(3), tz timestamptz, t time, ttz timetz, txt text, ch char(4), u uuid, by bytea, e shop.mood,
    dom shop.amount, domt shop.code, j json, jb jsonb, ta text[], ia int[], ba bool[], ua uuid[], m money, ip inet, hs hstore, lt ltree,
    bit1 bit(1), bits bit(12), xm text, nested int[][], decimals numeric[], days date[], times timestamptz[], floats float8[], blobs bytea[],
    capped numeric, ends_on date, ends_at timestamptz);
  ALTER TABLE shop.extremes REPLICA IDENTITY FULL;
  CREATE TABLE shop.keyed (
    id bigint PRIMARY KEY, n int, body text NOT NULL, photo bytea, doc jsonb, words text[], numbers int[], days date[], floats float8[], flags bool[],
    decimals numeric[], ids uuid[], blobs bytea[]);
  CREATE PUBLICATION extremes FOR TABLE shop.extremes, shop.keyed;
  INSERT INTO shop.extremes (id, num, tz, nested, t, ends_on) VALUES (1, 1e28, '0001-01-01 00:00Z', '{{1},{NULL}}', '24:00', 'infinity');
`;

/** Random, for what compresses well stays in the row. */
const LARGE = `
  INSERT INTO shop.keyed SELECT 1, 1, string_agg(gen_random_uuid()::text, ''), decode(string_agg(replace(gen_random_uuid()::text, '-', ''), ''), 'hex'),
    jsonb_agg(gen_random_uuid()), array_agg(gen_random_uuid()::text), array_agg((random() * 2e9)::int), array_agg('2000-01-01'::date + (random() * 9999)::int),
    array_agg(random()), array_agg(random() < 0.5), array_agg(random()::numeric), array_agg(gen_random_uuid()), array_agg(decode(md5(i::text), 'hex'))
  FROM generate_series(1, 20000) i`;

describe('extreme values of every type', () => {
  let stack: TestStack;
  let db: Client;
  let server: FastifyInstance;
  let engine: ChildProcess;
  const published: { topic: Topic; message: BusMessage }[] = [];

  beforeAll(async () => {
    stack = await startComponents(['postgres', 'debezium-engine'], { needs: false });
    const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = stack.env;
    db = new Client({ host: PGHOST, port: Number(PGPORT), user: PGUSER, password: PGPASSWORD, database: PGDATABASE });
    await db.connect();
    await db.query(DDL);

    const log = createLogger('bridge', { level: 'silent' });
    const translator = new Translator(new Map([VALUES, KEYED].map((contract) => [contract.stream, contract])), KEYS);
    const bus = {
      publish: async (topic: Topic, messages: readonly BusMessage[]) =>
        void published.push(...messages.map((message) => ({ topic, message }))),
      subscribe: () => {
        throw new Error('the bridge does not subscribe');
      },
      close: async () => {},
    };
    const erased = async () => new ErasedSubjects(new Map(), new Map(), KEYS);
    const publisher = new BatchPublisher({ translator: () => translator, keys: KEYS, erased, bus, log });
    server = createBridgeServer({ publisher, log });
    const address = await server.listen({ host: '127.0.0.1', port: 0 });

    engine = spawn(stack.machine.tools.java, ['-Xmx256m', '-jar', stack.machine.tools.engineJar], {
      env: {
        ...stack.env,
        BRIDGE_URL: `${address}/batches`,
        SLOT_NAME: 'extremes',
        PUBLICATION: 'extremes',
        OFFSETS_TABLE: 'shop.extremes_offsets',
      },
      stdio: 'ignore',
    });
    // The snapshot's row is the last of what was there before.
    await changesOf(1, 1);
  }, START_MS);

  afterAll(async () => {
    engine?.kill('SIGTERM');
    await server?.close();
    await db?.end();
    await stack?.stop();
  }, 60_000);

  const changes = (stream = 'extremes'): ChangeEvent[] =>
    published
      .filter(({ topic }) => topic === 'changes')
      .map(({ message }) => parseChangeEvent(message.data))
      .filter((event) => event.stream === stream);
  const letters = () =>
    published.filter(({ topic }) => topic === 'dead-letter').map(({ message }) => parseDeadLetter(message.data));

  async function until<T>(what: string, find: () => T[], count: number): Promise<T[]> {
    for (const start = Date.now(); ; await delay(50)) {
      const found = find();
      if (found.length >= count) return found;
      if (Date.now() - start > WAIT_MS) throw new Error(`waited for ${count} ${what}, found ${found.length}`);
    }
  }

  const changesOf = (id: number | string, count: number, stream = 'extremes'): Promise<ChangeEvent[]> =>
    until(`changes of ${stream} ${id}`, () => changes(stream).filter((event) => event.key?.id === id), count);

  test('a snapshot carries them as the log does', async () => {
    const [read] = await changesOf(1, 1);
    expect(read).toMatchObject({
      op: 'r',
      after: {
        num: '10000000000000000000000000000.000000000',
        tz: '0001-01-01T00:00:00.000000Z',
        nested: '[[1],[null]]',
        t: '24:00:00Z',
        ends_on: '9999-12-31',
      },
    });
  });

  test('what the contract maps arrives mapped, with its exact text beside', async () => {
    await db.query(
      `INSERT INTO shop.extremes (id, capped, ends_on, ends_at) VALUES (60, 1e30, '-infinity', 'infinity')`,
    );
    const [made] = await changesOf(60, 1);
    expect(made!.after).toMatchObject({
      capped: '99999999999999999999999999999.999999999',
      ends_on: '0001-01-01',
      ends_at: null,
    });
    expect(made!.exact).toEqual({
      after: { capped: '1000000000000000000000000000000', ends_on: '-5877611-06-22Z', ends_at: 'infinity' },
    });
  }, 90_000);

  test('the largest arrive to the last digit', async () => {
    await db.query(`
      INSERT INTO shop.extremes VALUES (
        9223372036854775807, 99999999999999999999999999999.999999999, 12.5, 0.000000001, 9223372036854775807, 2147483647, 32767,
        1.7976931348623157e308, 'Infinity', true, '9999-12-31', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999',
        '9999-12-31 23:59:59.999999Z', '24:00:00', '23:59:59.999999+02', 'naïve ☂', 'ch', '6f1b2c9e-0000-4000-8000-0123456789ab', '\\x0001ff',
        'fine', 99999999999999999999999999999.999999999, 'code', '{"a": 1.0, "big": 12345678901234567890123456789}',
        '{"a": 1.0, "big": 12345678901234567890123456789}', '{a,NULL,"b,c"}', '{1,NULL,2147483647}', '{t,NULL,f}',
        '{6f1b2c9e-0000-4000-8000-0123456789ab}', '$1,234.56', '192.168.0.1/24', 'a=>1, b=>NULL', 'a.b.c', B'1', B'101010101010', '<a/>',
        '{{1,2},{3,NULL}}', '{1.50,NaN,NULL,12345678901234567890123456789012345678.9}', '{2026-01-01,infinity,NULL,10000-01-01}',
        '{2026-01-01 00:00:00.000001+00,-infinity}', '{0.1,NaN,-0,5e-324,Infinity}', '{"\\\\x0001",NULL}')`);
    const [made] = await changesOf('9223372036854775807', 1);
    expect(made!.after).toMatchObject({
      id: '9223372036854775807',
      num: '99999999999999999999999999999.999999999',
      price: '12.5000',
      anynum: '0.000000001',
      i8: '9223372036854775807',
      f8: 1.7976931348623157e308,
      f4: 'Infinity',
      d: '9999-12-31',
      ts: '9999-12-31T23:59:59.999999Z',
      ts3: '9999-12-31T23:59:59.999000Z',
      tz: '9999-12-31T23:59:59.999999Z',
      t: '24:00:00Z',
      ttz: '21:59:59.999999Z',
      ch: 'ch  ',
      u: '6f1b2c9e-0000-4000-8000-0123456789ab',
      by: 'AAH/',
      e: 'fine',
      dom: '99999999999999999999999999999.999999999',
      domt: 'code',
      j: '{"a": 1.0, "big": 12345678901234567890123456789}',
      jb: '{"a": 1.0, "big": 12345678901234567890123456789}',
      ta: '["a",null,"b,c"]',
      ia: '[1,null,2147483647]',
      ba: '[true,null,false]',
      ua: '["6f1b2c9e-0000-4000-8000-0123456789ab"]',
      m: '1234.56',
      hs: '{"a":"1","b":null}',
      lt: 'a.b.c',
      bit1: true,
      bits: 'qgo=',
      nested: '[[1,2],[3,null]]',
      decimals: '["1.50","NaN",null,"12345678901234567890123456789012345678.9"]',
      days: '["2026-01-01","infinity",null,"10000-01-01"]',
      times: '["2026-01-01T00:00:00.000001Z","-infinity"]',
      floats: '[0.1,"NaN",-0,5e-324,"Infinity"]',
      blobs: '["AAE=",null]',
    });
  }, 90_000);

  test('the smallest arrive to the last digit', async () => {
    await db.query(`
      INSERT INTO shop.extremes (id, num, price, i8, i4, i2, f8, f4, d, ts, tz, t, txt, by, j, jb, ta, m, nested, floats) VALUES (
        -9223372036854775808, -99999999999999999999999999999.999999999, -99999999999999.9999, -9223372036854775808, -2147483648, -32768,
        '-0', 1.17549e-38, '0001-01-01', '0001-01-01 00:00:00.000001', '0001-01-01 00:00:00Z', '00:00', '', '\\x', 'null', 'null', '{}',
        '-92233720368547758.08', '{}', '{}')`);
    const [made] = await changesOf('-9223372036854775808', 1);
    expect(made!.after).toMatchObject({
      num: '-99999999999999999999999999999.999999999',
      price: '-99999999999999.9999',
      i8: '-9223372036854775808',
      i4: -2147483648,
      i2: -32768,
      f8: '-0',
      f4: 1.17549e-38,
      d: '0001-01-01',
      ts: '0001-01-01T00:00:00.000001Z',
      tz: '0001-01-01T00:00:00.000000Z',
      t: '00:00:00Z',
      by: '',
      j: 'null',
      jb: 'null',
      ta: '[]',
      m: '-92233720368547758.08',
      nested: '[]',
      floats: '[]',
    });
  }, 90_000);

  test.each([
    ['num', 'anynum', "'NaN'", 'NAN'],
    ['infinite decimal', 'anynum', "'-Infinity'", 'NEGATIVE_INFINITY'],
    ['30 digits', 'anynum', '100000000000000000000000000000', '100000000000000000000000000000'],
    ['10 places', 'anynum', '0.1234567891', '0.1234567891'],
    ['infinite date', 'd', "'infinity'", '-5877611-06-21Z'],
    ['the last date', 'd', "'5874897-12-31'", '+5874897-12-31Z'],
    ['a date before Christ', 'd', "'0044-03-15 BC'", '-0043-03-15Z'],
    ['infinite time', 'tz', "'infinity'", 'infinity'],
    ['the last timestamp', 'ts', "'294276-12-31 23:59:59.999999'", '+294276-12-31T23:59:59.999999Z'],
  ])(
    'what the warehouse cannot hold is a dead letter with its exact text: %s',
    async (_what, column, sql, text) => {
      const from = letters().length;
      await db.query(`INSERT INTO shop.extremes (id, ${column}) VALUES (${1_000 + from}, ${sql})`);
      const [letter] = (await until('dead letters', letters, from + 1)).slice(from);
      expect(letter).toMatchObject({ stream: 'extremes', reason: 'UNREPRESENTABLE', field: column, sealed: true });
      const original = JSON.parse(unseal(Buffer.from(letter!.payload, 'base64').toString(), KEYS).toString());
      expect(original.after[column]).toBe(text);
    },
    90_000,
  );

  test('a transaction that moves, deletes and brings back a key is told in its order', async () => {
    await db.query(`
      BEGIN;
      INSERT INTO shop.extremes (id, txt) VALUES (50, 'a');
      UPDATE shop.extremes SET txt = 'b' WHERE id = 50;
      UPDATE shop.extremes SET id = 51 WHERE id = 50;
      DELETE FROM shop.extremes WHERE id = 51;
      INSERT INTO shop.extremes (id, i4) VALUES (51, 2);
      COMMIT`);
    const moved = [...(await changesOf(50, 3)), ...(await changesOf(51, 3))];
    expect(moved.map(({ op, key }) => [op, key!.id])).toEqual([
      ['c', 50],
      ['u', 50],
      ['d', 50],
      ['c', 51],
      ['d', 51],
      ['c', 51],
    ]);
    expect(new Set(moved.map((event) => event.event_id)).size).toBe(6);
    expect(new Set(moved.map((event) => event.source.tx)).size).toBe(1);
    const positions = moved.map((event) => BigInt(event.source.lsn));
    expect(positions.every((lsn, i) => i === 0 || lsn >= positions[i - 1]!)).toBe(true);
    expect(moved.at(-1)!.after).toMatchObject({ i4: 2, txt: null });
  }, 90_000);

  test('without the row before, unchanged large values of every kind are absent, and a delete has its key', async () => {
    await db.query(LARGE);
    await db.query('UPDATE shop.keyed SET n = 2 WHERE id = 1');
    await db.query('DELETE FROM shop.keyed WHERE id = 1');
    const [created, updated, deleted] = await changesOf(1, 3, 'keyed');
    expect(Object.keys(created!.after!)).toEqual(KEYED.fields.map(({ name }) => name));
    expect(updated).toMatchObject({ op: 'u', before: null });
    expect(updated!.after).toEqual({ id: 1, n: 2 });
    expect(deleted).toMatchObject({ op: 'd', before: { id: 1 }, after: null });
    expect(letters().filter(({ stream }) => stream === 'keyed')).toEqual([]);
  }, 90_000);

  test('a truncate of two tables is an event of each', async () => {
    await db.query('TRUNCATE shop.extremes, shop.keyed');
    for (const stream of ['extremes', 'keyed']) {
      const [emptied] = await until('truncates', () => changes(stream).filter(({ op }) => op === 't'), 1);
      expect(emptied).toMatchObject({ key: null, before: null, after: null });
    }
  }, 90_000);
});
