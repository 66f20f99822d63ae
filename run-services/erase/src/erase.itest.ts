import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus, type Topic } from '@tributary/platform/bus';
import {
  chainPublished,
  objectFinalized,
  type RunningFunction,
  startFunction,
} from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { readErasures } from '@tributary/platform/erasures';
import {
  type ChangeEvent,
  chainEvent,
  changeMessage,
  deadLetter,
  deadLetterMessage,
  featureMessage,
} from '@tributary/platform/events';
import { createLake, type Lake } from '@tributary/platform/lake';
import { loadPiiKeys, type PiiKeys, seal, tokenize, unseal } from '@tributary/platform/pii';
import { rewritePortsOf, runName, runRewrite } from '@tributary/platform/rewrites';
import { createWarehouse, everyPartition, type Warehouse } from '@tributary/platform/warehouse';
import { parquetReadObjects } from 'hyparquet';
import { Redis } from 'ioredis';
import { type EraseReport, erase } from './erase.ts';
import type { ErasePorts } from './ports.ts';

/** Numbers that no byte has by chance. */
const PERSON = 471_147_114_711;
const OTHER = 520_252_025_202;
/** The pipeline looks at the list every ten seconds. */
const SETTLE_MS = 14_000;

let stack: TestStack;
let lake: Lake;
let bucket: string;
let bus: ManagedBus;
let warehouse: Warehouse;
let keys: PiiKeys;
let redis: Redis;
let ports: ErasePorts;
let loader: RunningFunction;
let ticking: Promise<void>;
const finished = new AbortController();
let began: Date;
/** The person's number, and tokens of what is theirs alone. */
let texts: readonly string[];

beforeAll(async () => {
  stack = await startComponents(
    ['kafka', 'minio', 'bigquery', 'redis', 'flink-jobmanager', 'flink-taskmanager', 'pipeline'],
    { needs: false },
  );
  const config = readConfigFrom(stack.env, 'bus', 'lake', 'warehouse', 'onlineStore', 'pii');
  bus = createBus(config.bus);
  await bus.ensureTopics();
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  keys = loadPiiKeys(config.pii.keysFile);
  lake = createLake(config.lake);
  bucket = config.lake.lakeBucket;
  const [host, port] = config.onlineStore.redisAddress.split(':');
  redis = new Redis({ host: host!, port: Number(port) });
  const { ports: rewrites, args: pipelineArgs } = await rewritePortsOf(stack.env);
  ports = {
    ...{ lake, lakeBucket: bucket, landingBucket: config.lake.landingBucket, bus, warehouse, redis, rewrites },
    ...{ pipelineArgs, contracts: loadContracts(), mappings: loadMappings(), keys, progress: () => undefined },
  };
  loader = await startFunction('load-warehouse', stack.env);
  ticking = tick();
  // Whoever puts rows online: what it has read may be forgotten.
  await bus.subscribe('features', 'feature-push', async () => {});
  texts = [String(PERSON), tokenize(email(PERSON), keys)];
  began = new Date(Date.now() - 1_000);
}, 900_000);

afterAll(async () => {
  finished.abort();
  await ticking;
  await loader?.stop('SIGKILL');
  redis?.disconnect();
  await bus?.close();
  await stack?.stop();
}, 60_000);

/** The sweep, which finds files whose event nobody told, and carries rewrites out. */
async function tick(): Promise<void> {
  while (!finished.signal.aborted) {
    await loader.post(
      chainPublished(chainEvent({ type: 'sweep.tick', runId: 'sweep', identity: [String(Date.now())] })),
    );
    await delay(1_000);
  }
}

const email = (customer: number): string => `person-${customer}@example.org`;
const TIME = '2026-11-20T10:00:00.000000Z';
let lsn = 1_000;

function change(stream: string, op: ChangeEvent['op'], key: object, rows: Partial<ChangeEvent>): ChangeEvent {
  lsn += 1;
  return {
    event_id: lsn.toString(16).padStart(32, '0'),
    stream,
    op,
    key: key as ChangeEvent['key'],
    before: null,
    after: null,
    ...rows,
    source: { db: 'app', schema: 'shop', table: stream, lsn: String(lsn), tx: '1', ts: TIME },
    ingested_at: TIME,
    contract_version: '1.0.0',
  };
}

const order = (id: string, customer: number | null) => ({
  ...{ order_id: id, customer_id: customer, kind: 'purchase', status: 'placed', country: 'Norway' },
  ...{ order_time: TIME, updated_at: TIME },
});

/** All that the shop tells of a customer. */
function changesOf(customer: number): ChangeEvent[] {
  const id = `o${customer % 1_000}`;
  const row = order(id, customer);
  return [
    change(
      'customers',
      'c',
      { customer_id: customer },
      {
        after: {
          ...{ customer_id: customer, name: tokenize('Same Name', keys), email: tokenize(email(customer), keys) },
          ...{ phone: null, ip: '203.0.*.*', country: 'Norway', created_at: TIME, updated_at: TIME },
        },
      },
    ),
    change('orders', 'c', { order_id: id }, { after: row }),
    change(
      'order_lines',
      'c',
      { order_line_id: `${id}-1` },
      {
        after: {
          ...{ order_line_id: `${id}-1`, order_id: id, product_id: 'p1', customer_id: customer, kind: 'purchase' },
          ...{ quantity: 2, unit_price: '2.50', country: 'Norway', order_time: TIME },
        },
      },
    ),
    change(
      'user_events',
      'c',
      { user_event_id: `e${customer % 1_000}` },
      {
        after: {
          ...{ user_event_id: `e${customer % 1_000}`, user_id: customer, item_id: 'i1', category_id: null },
          ...{ behavior: 'pv', session_id: null, event_time: TIME },
        },
      },
    ),
    // A deletion that has no more than a key.
    change('orders', 'd', { order_id: id }, {}),
    // A letter, and a stream that no contract knows.
    change('orders', 'u', { order_id: id }, { after: { ...row, kind: 'gift' } }),
    change('visits', 'c', { visit: 1 }, { after: { visitor: tokenize(email(customer), keys) } }),
  ];
}

const publish = (events: readonly ChangeEvent[]) =>
  bus.publish(
    'changes',
    events.map((event) => changeMessage(event, Object.keys(event.key as object))),
  );

/** Everything that is kept, by place, as text: Parquet unpacked, seals opened. */
async function everything(): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for await (const { name } of lake.list(bucket, '')) {
    const stored = await lake.read(bucket, name);
    if (stored) all.set(`object ${name}`, await textOf(name, stored.body));
  }
  for (const table of await tables()) {
    const rows = await warehouse.query<{ row: string }>(
      `SELECT TO_JSON_STRING(t) AS \`row\` FROM ${table} AS t${everyPartition(table)}`,
    );
    all.set(
      `table ${table}`,
      rows
        .map(({ row }) => row)
        .sort()
        .join('\n'),
    );
  }
  for (const key of await redis.keysBuffer('*'))
    all.set(`key ${key.toString('hex')}`, (await redis.hgetallBuffer(key)) ? key.toString('hex') : '');
  for (const topic of ['changes', 'dead-letter', 'features'] satisfies Topic[]) {
    const messages: string[] = [];
    await bus.forget(
      topic,
      ({ orderingKey, data }) => {
        messages.push(orderingKey, opened(data.toString('utf8')));
        return 'unknown';
      },
      { countOnly: true },
    );
    all.set(`topic ${topic}`, messages.join('\n'));
  }
  return all;
}

async function tables(): Promise<string[]> {
  const found: string[] = [];
  for (const dataset of ['staging', 'marts', 'ops']) {
    const rows = await warehouse.query<{ name: string }>(
      `SELECT table_name AS name FROM ${dataset}.INFORMATION_SCHEMA.TABLES`,
    );
    found.push(...rows.map(({ name }) => `${dataset}.${name}`));
  }
  return found;
}

async function textOf(name: string, body: Buffer): Promise<string> {
  if (!name.endsWith('.parquet')) return opened(body.toString('utf8'));
  const file = body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer;
  const rows = await parquetReadObjects({ file, utf8: true });
  return rows
    .map((row) =>
      Object.entries(row)
        .map(
          ([column, value]) =>
            `${column}=${opened(value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value))}`,
        )
        .join(' '),
    )
    .sort()
    .join('\n');
}

/** With what is in seals and letters beside it. */
function opened(text: string): string {
  const payload = /"payload":"([^"]*)"/.exec(text)?.[1];
  const whole = payload === undefined ? text : `${text} ${Buffer.from(payload, 'base64').toString('utf8')}`;
  return whole.replace(
    /seal_[A-Za-z0-9]+_[A-Za-z0-9+/]+={0,2}/g,
    (sealed) => `${sealed} ${unseal(sealed, keys).toString('utf8')}`,
  );
}

/** Places where one of the texts stands; a key of Redis has the number in its own bytes. */
async function hits(of: readonly string[], customer: number): Promise<string[]> {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(customer));
  const found: string[] = [];
  for (const [place, text] of await everything()) {
    if (of.some((each) => text.includes(each)) || (place.startsWith('key ') && text.includes(bytes.toString('hex'))))
      found.push(place);
  }
  return found;
}

/** What there is of the other person, wherever: rows of files by layer, for files are rewritten. */
async function ofTheOther(): Promise<string[]> {
  const found: string[] = [];
  for (const [place, text] of await everything()) {
    const at = place.replace(/\/part-.*$/, '');
    if (at.startsWith('object rewrites/') || at.startsWith('topic ') || at.startsWith('object control/')) continue;
    for (const line of text.split('\n')) if (line.includes(String(OTHER))) found.push(`${at}: ${line}`);
  }
  return found.sort();
}

/** Feast's layout of a key, of one join key. */
function redisKey(customer: number): Buffer {
  const integer = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const id = Buffer.alloc(8);
  id.writeBigInt64LE(BigInt(customer));
  const name = Buffer.from('customer_id');
  return Buffer.concat([
    integer(1),
    integer(2),
    integer(name.length),
    name,
    integer(4),
    integer(8),
    id,
    Buffer.from('tributary'),
  ]);
}

async function plantBesideTheStream(customer: number): Promise<void> {
  await redis.hset(redisKey(customer), Buffer.from('_ts:a_view_nobody_knows'), Buffer.from('1'));
  const late = deadLetter({
    ...{ eventId: customer.toString(16).padStart(32, '0'), stream: 'order_lines', stage: 'pipeline', reason: 'LATE' },
    ...{ message: 'too late', source: { view: 'customer_activity', event_time: TIME }, sealed: false },
    payload: JSON.stringify({ event_id: 'x', entity: String(customer), amounts: [] }),
  });
  const name = `dead-letter/order_lines/pipeline/dt=2026-11-20/${late.dead_letter_id}`;
  await lake.write(bucket, `${name}.json`, JSON.stringify(late));
  await lake.write(bucket, `${name}.replayed`, JSON.stringify({ dead_letter_id: late.dead_letter_id, attempt: 1 }));
  await lake.write(
    bucket,
    `control/incidents/sample-${customer}.json`,
    JSON.stringify({ rows: [{ customer_id: customer }] }),
  );
  await warehouse.query(
    'INSERT INTO ops.quality_results (run_id, detail, checked_at) VALUES (@run, @detail, CURRENT_TIMESTAMP())',
    {
      params: { run: `run-${customer % 1_000}`, detail: JSON.stringify({ sample: [{ customer_id: customer }] }) },
    },
  );
  await warehouse.query('INSERT INTO marts.customer_features (customer_id, orders_count) VALUES (@customer, 1)', {
    params: { customer },
  });
  // As the bridge has it of a row that its contract refuses.
  const refused = deadLetter({
    ...{ eventId: (customer + 1).toString(16).padStart(32, '0'), stream: 'customers', stage: 'bridge' },
    ...{ reason: 'CONTRACT_VIOLATION', message: 'refused', source: null, time: new Date(TIME), sealed: true },
    payload: seal(Buffer.from(JSON.stringify({ after: { customer_id: customer, email: email(customer) } })), keys),
  });
  await bus.publish('dead-letter', [deadLetterMessage(refused)]);
  await bus.publish('features', [
    featureMessage({
      ...{ view: 'customer_activity', entity: { customer_id: customer }, event_time: TIME, event_timestamp: TIME },
      ...{ latest: true, features: { events_5m: 1 }, event_id: '0'.repeat(32), emitted_at: TIME },
    }),
  ]);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 180_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come to hold within three minutes: ${loader.log()}`);
    await delay(1_000);
  }
}

async function tellOfFiles(): Promise<void> {
  for await (const object of lake.list(bucket, 'processed/'))
    expect(await loader.post(objectFinalized(object))).toBe(204);
}

const eraseNow = (id: number, through: Partial<ErasePorts> = {}): Promise<EraseReport> =>
  erase({ subject: 'customer', id: String(id), settleMs: SETTLE_MS }, { ...ports, ...through });

const removed = ({ places }: EraseReport) =>
  Object.fromEntries([...places].map(([name, found]) => [name, found.removed]));

describe('a person is erased', () => {
  let before: string[];

  test('of whom every place has something', async () => {
    await warehouse.query('CREATE TABLE marts.customer_features (customer_id INT64, orders_count INT64)');
    for (const customer of [PERSON, OTHER]) {
      await publish(changesOf(customer));
      await plantBesideTheStream(customer);
    }
    const file = `customer_id;note\n${PERSON};"theirs, on\ntwo lines"\n${OTHER};other ${PERSON % 1_000}\n`;
    await lake.write(
      bucket,
      'quarantine/customers/people.csv.17.sealed',
      `${seal(Buffer.from(file.replaceAll(';', ',')), keys)}\n`,
    );
    await lake.write(bucket, 'quarantine/customers/people.csv.17.sealed.reason.json', '{"code":"WRONG_COLUMNS"}');
    await until('everything is in the lake', async () => {
      const text = [...(await everything())].filter(([place]) => /^object (raw|processed|dead-letter)\//.test(place));
      const count = (layer: string) =>
        text.filter(([place]) => place.startsWith(`object ${layer}/`)).flatMap(([, rows]) => rows.split('\n')).length;
      return count('raw') === 14 && count('processed') === 10 && count('dead-letter') >= 10;
    });
    await tellOfFiles();
    before = await ofTheOther();
    expect(before.length).toBeGreaterThan(10);
    const places = (await hits(texts, PERSON)).map((place) => place.replace(/^(\w+ [a-z-]+[/.]?).*$/s, '$1'));
    for (const place of [
      'object raw/',
      'object processed/',
      'object dead-letter/',
      'object quarantine/',
      'object control/',
      'table staging.',
      'table marts.',
      'table ops.',
      'topic changes',
      'topic dead-letter',
      'topic features',
    ])
      expect(places).toContain(place);
  }, 600_000);

  test('and an erasure that dies half-way is gone on from, until nothing of them is anywhere', async () => {
    const dies: Partial<ErasePorts> = {
      warehouse: Object.assign(Object.create(warehouse), {
        migrate: () => warehouse.migrate(),
        query: (sql: string, options: object) => {
          if (sql.startsWith('DELETE FROM staging.orders')) throw new Error('killed');
          return warehouse.query(sql, options);
        },
      }) as Warehouse,
    };
    await expect(eraseNow(PERSON, dies)).rejects.toThrow('killed');
    const report = await eraseNow(PERSON);
    expect(report.listed).toBe(true);
    expect(removed(report)).toMatchObject({ 'online store': 1, marts: 1, operations: 1 });
    expect(await hits(texts, PERSON)).toEqual([]);
    // Nobody but the bus's log lost anything.
    expect(await ofTheOther()).toEqual(before);
    const [row] = await warehouse.query<{ status: string; counts: string }>('SELECT status, counts FROM ops.erasures');
    expect(row!.status).toBe('done');
  }, 900_000);

  test('twice: the second time nothing is found', async () => {
    const report = await eraseNow(PERSON);
    expect(Object.values(removed(report)).every((count) => count === 0)).toBe(true);
    expect(report.listed).toBe(true);
  }, 600_000);

  test('and neither what comes late nor a backfill brings them back', async () => {
    await publish(changesOf(PERSON).slice(0, 4));
    await publish([
      change('orders', 'd', { order_id: 'late' }, { before: order('late', PERSON) }),
      change('orders', 'c', { order_id: 'marker' }, { after: order('marker', OTHER) }),
    ]);
    await until('what came after is in the lake', async () =>
      (await hits(['marker'], 0)).some((place) => place.startsWith('object processed/')),
    );
    const backfill = {
      source: 'backfill',
      stream: 'orders',
      from: began.toISOString(),
      to: new Date().toISOString(),
      settleSeconds: '0',
    };
    await runRewrite(runName('backfill', new Date()), { ...ports.pipelineArgs, ...backfill }, ports.rewrites);
    const places = await hits(texts, PERSON);
    expect(places.filter((place) => !place.startsWith('topic '))).toEqual([]);
  }, 600_000);

  test('unless nobody has that number: then a later person who gets it is taken in', async () => {
    const report = await eraseNow(999_999_999);
    expect(report.listed).toBe(false);
    expect((await readErasures(lake, bucket)).get('customer')?.size).toBe(1);
  }, 600_000);
});
