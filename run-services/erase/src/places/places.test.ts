import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { subjectNamed } from '@tributary/platform/erasures';
import { type DeadLetterInput, deadLetter } from '@tributary/platform/events';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { parsePiiKeys, seal, unseal } from '@tributary/platform/pii';
import { Ownership } from '../person.ts';
import { entityOf } from './entity-key.ts';
import { landing } from './landing.ts';
import { judgeLetter, letters } from './letters.ts';
import { otherObjects } from './other-objects.ts';
import { damagedFiles, quarantine } from './quarantine.ts';

const ROOT = new URL('../../../../', import.meta.url);
const BUCKET = 'lake';
const KEYS = parsePiiKeys(JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } }));
const CONTRACTS = loadContracts();
const { subject } = subjectNamed(CONTRACTS, 'customer', '12346');
const ownership = new Ownership(
  { subject, id: '12346', keys: new Map([['orders', [['o1']]]]), tokens: new Set(['tok_v1_theirs']) },
  CONTRACTS,
  KEYS,
);

let lake: MemoryLake;
beforeEach(() => {
  lake = new MemoryLake();
});

const ports = () => ({ lake, lakeBucket: BUCKET, keys: KEYS, contracts: CONTRACTS, mappings: loadMappings() });

async function names(prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of lake.list(BUCKET, prefix)) found.push(name);
  return found;
}

describe('whose data it is', () => {
  test.each([
    ['what names them', { after: { user_id: 12346 } }, true],
    ['what names somebody else beside a token of theirs', { customer_id: 12347, email: 'tok_v1_theirs' }, false],
    ['what has a token of theirs and names nobody', { email: 'tok_v1_theirs' }, true],
    ['a deletion with a key of theirs', { stream: 'orders', key: { order_id: 'o1' }, before: null }, true],
    ['the same key of another stream', { stream: 'products', key: { product_id: 'o1' }, before: null }, false],
    [
      'a deletion of that key that names somebody else',
      { stream: 'orders', key: { order_id: 'o1' }, before: { customer_id: 1 } },
      false,
    ],
    ['a seal around them', { unknown: seal(Buffer.from('{"before":{"customer_id":"12346"}}'), KEYS) }, true],
    ['a number that happens to be theirs', { quantity: 12346, order_id: '12346' }, false],
  ])('%s', (_, value, theirs) => expect(ownership.owns(value)).toBe(theirs));

  test('integers that a double cannot hold are told apart', () => {
    const large = subjectNamed(CONTRACTS, 'customer', '9007199254740993');
    const owner = new Ownership({ ...large, keys: new Map(), tokens: new Set() }, CONTRACTS, KEYS);
    expect(owner.ownsBytes(Buffer.from('{"customer_id":9007199254740993}'))).toBe(true);
    expect(owner.ownsBytes(Buffer.from('{"customer_id":9007199254740992}'))).toBe(false);
  });
});

describe('a dead letter', () => {
  const RETAIL = { uri: 's3://shop/landing/online_retail/a.csv', generation: 1, line: 2 };
  const letter = (input: Partial<DeadLetterInput>) =>
    Buffer.from(
      JSON.stringify(
        deadLetter({
          ...{
            eventId: null,
            stream: 'orders',
            stage: 'pipeline',
            reason: 'UNREADABLE',
            message: 'm',
            source: { a: 1 },
          },
          ...{ payload: '', sealed: false },
          ...input,
        }),
      ),
    );

  test.each<[string, Partial<DeadLetterInput>, ReturnType<typeof judgeLetter>]>([
    [
      'with a sealed payload of theirs',
      { payload: seal(Buffer.from('{"customer_id":12346}'), KEYS), sealed: true },
      'theirs',
    ],
    [
      'with a sealed key of theirs',
      { source: { messagekey: seal(Buffer.from('{"customer_id":12346}'), KEYS) } },
      'theirs',
    ],
    ['LATE of their windows', { reason: 'LATE', payload: '{"entity":"12346"}' }, 'theirs'],
    ["LATE of another's", { reason: 'LATE', payload: '{"entity":"12347"}' }, undefined],
    ['with a line of a file that has their number', { stage: 'landing', payload: '536365;12346;x' }, 'guess'],
    ['with a line that has another', { stage: 'landing', payload: '536365;123467;x' }, undefined],
    [
      'with a line of a mapped file, whose numbers are decimals',
      { stage: 'landing', stream: 'order_lines', source: RETAIL, payload: '536365,85123A,6,12346.0,United Kingdom' },
      'guess',
    ],
    [
      'with a row of a mapped file',
      { stage: 'landing', stream: 'order_lines', source: RETAIL, payload: '{"CustomerID":12346.0}' },
      'theirs',
    ],
    [
      "with another's row of a mapped file",
      { stage: 'landing', stream: 'order_lines', source: RETAIL, payload: '{"CustomerID":12347,"Quantity":12346}' },
      undefined,
    ],
    [
      'with a line of a stream that names nobody',
      { stage: 'landing', stream: 'products', payload: '1,12346' },
      undefined,
    ],
    ['that cannot be read at all', { payload: Buffer.from([0xff, 0x00]) }, undefined],
  ])('%s', (_, input, verdict) => expect(judgeLetter(letter(input), ownership, ports())).toBe(verdict));

  test('goes with the mark beside it, and others stay', async () => {
    const at = 'dead-letter/orders/pipeline/dt=2026-11-21/';
    await lake.write(BUCKET, `${at}a.json`, letter({ payload: '{"customer_id":12346}' }));
    await lake.write(BUCKET, `${at}a.replayed`, '{}');
    await lake.write(BUCKET, `${at}b.json`, letter({ payload: '{"customer_id":1}' }));
    expect(await letters(ports()).look(ownership, false)).toMatchObject({ found: 1, removed: 0 });
    expect(await letters(ports()).look(ownership, true)).toMatchObject({ found: 1, removed: 1 });
    expect(await names()).toEqual([`${at}b.json`]);
  });
});

describe('a quarantined file', () => {
  async function setAside(dataset: string, file: string, content: string | Buffer): Promise<string> {
    const name = `quarantine/${dataset}/${file}.17.sealed`;
    await lake.write(BUCKET, name, `${seal(Buffer.from(content), KEYS)}\n`);
    await lake.write(BUCKET, `${name}.reason.json`, '{}');
    return name;
  }
  const content = async (name: string) => unseal((await lake.read(BUCKET, name))!.body.toString('utf8').trim(), KEYS);
  const look = () => quarantine(ports()).look(ownership, true);

  test('loses the records of the person, and what is kept stays byte for byte', async () => {
    const latin = Buffer.from([0xe9, 0x2c]);
    const csv = Buffer.concat([
      Buffer.from('order_id,customer_id,note\r\no1,12346,"a\r\nb"\r\n12346,12347,'),
      latin,
      Buffer.from('\r\no3,,x\r\n'),
    ]);
    const name = await setAside('orders', 'orders.csv', csv);
    expect(await look()).toEqual({ found: 1, removed: 1, guessed: 0, notes: [] });
    const kept = Buffer.concat([
      Buffer.from('order_id,customer_id,note\r\n12346,12347,'),
      latin,
      Buffer.from('\r\no3,,x\r\n'),
    ]);
    expect((await content(name)).equals(kept)).toBe(true);
    expect(await look()).toMatchObject({ found: 0 });
  });

  test('is read by the mapping of its dataset, packed or not', async () => {
    const lines = gzipSync('1,2268318,2520377,pv,1511544070\n12346,333345,2520771,pv,1511561733\n');
    const name = await setAside('taobao_user_behavior', 'clicks.csv.gz', lines);
    expect(await look()).toMatchObject({ removed: 1 });
    expect(gunzipSync(await content(name)).toString()).toBe('1,2268318,2520377,pv,1511544070\n');
  });

  test('loses what the mapping makes their number, as spreadsheets write it', async () => {
    const name = await setAside(
      'online_retail',
      'retail.csv',
      'InvoiceNo,CustomerID,Quantity\n1,12346.0,1\n2,12347.0,12346\n',
    );
    expect(await look()).toMatchObject({ removed: 1, guessed: 0 });
    expect((await content(name)).toString()).toBe('InvoiceNo,CustomerID,Quantity\n2,12347.0,12346\n');
  });

  test('of Parquet goes where its mapping makes one of its columns their number', async () => {
    // Products p1 to p4, read as if each were a customer's number.
    const file = readFileSync(new URL('dataflow-flink/src/test/resources/landing/products-snappy-v1.parquet', ROOT));
    await setAside('foreign', 'a.parquet', file);
    const fields = [{ field: 'customer_id', column: 'product_id', values: [{ match: 'p(\\d+)', to: '$1' }] }];
    const mapping = { ...loadMappings().get('online_retail')!, dataset: 'foreign', fields };
    const place = quarantine({ ...ports(), mappings: new Map([['foreign', mapping]]) });
    const of = (id: string) => new Ownership({ subject, id, keys: new Map(), tokens: new Set() }, CONTRACTS, KEYS);
    expect(await place.look(of('40'), false)).toMatchObject({ found: 0 });
    expect(await place.look(of('4'), true)).toMatchObject({ found: 1, guessed: 0 });
    expect(await names()).toEqual([]);
  });

  test('loses their number with a sign or zeros before it', async () => {
    const name = await setAside('orders', 'orders.csv', 'order_id,customer_id\n1,+12346\n2,012346\n3,112346\n');
    expect(await look()).toMatchObject({ removed: 2, guessed: 0 });
    expect((await content(name)).toString()).toBe('order_id,customer_id\n3,112346\n');
  });

  test('without a column that names anybody loses what has the number in any cell', async () => {
    const name = await setAside('orders', 'odd.csv', 'a,b\n1,12346\n2,123460\n');
    expect(await look()).toMatchObject({ removed: 1, guessed: 1 });
    expect((await content(name)).toString()).toBe('a,b\n2,123460\n');
  });

  test('with a quote that nobody closes loses the lines that have the number', async () => {
    const name = await setAside('orders', 'open.csv', 'order_id,customer_id,note\no1,12346,"a\no2,12347,b\n');
    expect(await look()).toEqual({ found: 1, removed: 1, guessed: 1, notes: [] });
    expect((await content(name)).toString()).toBe('order_id,customer_id,note\no2,12347,b\n');
  });

  test('of JSON lines loses lines, also one that is no JSON', async () => {
    const name = await setAside(
      'orders',
      'orders.ndjson',
      '{"customer_id":12346}\n{"customer_id":1,"n":12346}\n{broken 12346\n',
    );
    expect(await look()).toMatchObject({ removed: 2, guessed: 1 });
    expect((await content(name)).toString()).toBe('{"customer_id":1,"n":12346}\n');
  });

  test('that nobody can look into is no sign of anybody, and goes as a whole with those of somebody who is known', async () => {
    await setAside('orders', 'orders.csv.gz', Buffer.from('damaged'));
    await lake.write(BUCKET, 'quarantine/orders/dt=2026-11-21/hr=05/part-1.parquet', 'damaged');
    expect(await look()).toMatchObject({ found: 0, notes: [] });
    const { removed, notes } = await damagedFiles(ports()).look(ownership, true);
    expect(removed).toBe(2);
    expect(notes).toEqual([
      expect.stringMatching(/part-1\.parquet was removed whole: it is damaged/),
      expect.stringMatching(/orders\.csv\.gz\.17\.sealed was removed whole/),
    ]);
    expect(await names()).toEqual([]);
  });

  test('of a stream that names nobody is left alone, whatever numbers it has and however damaged it is', async () => {
    await setAside('products', 'odd.csv', 'a,b\n1,12346\n');
    await setAside('products', 'products.csv.gz', Buffer.from('damaged'));
    expect(await look()).toMatchObject({ found: 0 });
    expect(await damagedFiles(ports()).look(ownership, true)).toMatchObject({ found: 0 });
    expect(await names()).toHaveLength(4);
  });
});

describe('a file in landing', () => {
  const look = () => landing({ ...ports(), landingBucket: 'landing' }).look(ownership, true);

  test('is a sign of the person, is named, and is left', async () => {
    await lake.write('landing', 'landing/orders/a.csv', 'order_id,customer_id\no1,12346\no2,12347\n');
    await lake.write('landing', 'landing/orders/b.csv.gz', gzipSync('order_id,customer_id\no3,12346\n'));
    await lake.write('landing', 'landing/orders/c.csv', 'order_id,customer_id\no4,1\n');
    expect(await look()).toEqual({
      ...{ found: 2, removed: 0, guessed: 0 },
      notes: [
        expect.stringMatching(/^landing\/orders\/a\.csv holds them/),
        expect.stringMatching(/^landing\/orders\/b\.csv\.gz holds them/),
      ],
    });
    expect((await lake.read('landing', 'landing/orders/a.csv'))!.body.toString()).toContain('12346');
  });

  test('is none where it is damaged, or its stream names nobody', async () => {
    await lake.write('landing', 'landing/orders/a.csv.gz', 'damaged');
    await lake.write('landing', 'landing/products/b.csv', 'product_id,description\n12346,x\n');
    expect(await look()).toMatchObject({ found: 0, notes: [] });
  });
});

describe('other objects', () => {
  test('go where they name the person; what work depends on is left and said', async () => {
    await lake.write(BUCKET, 'control/incidents/a.json', '{"rows":[{"customer_id":12346}]}');
    await lake.write(BUCKET, 'control/incidents/b.json', '{"rows":[{"customer_id":1}]}');
    await lake.write(BUCKET, 'control/transform/manifests/000000001.json', '{"customer_id":12346}');
    expect(await otherObjects(ports()).look(ownership, true)).toMatchObject({
      found: 2,
      removed: 1,
      notes: [expect.stringContaining('control/transform/manifests/000000001.json')],
    });
    expect(await names()).toEqual(['control/incidents/b.json', 'control/transform/manifests/000000001.json']);
  });
});

describe('a key of the online store', () => {
  test("is read as Feast's own serializer writes it", () => {
    // user_id=1 of project feas, by Feast 0.67.
    const key = Buffer.from(
      '010000000200000007000000757365725f696404000000080000000100000000000000' + '66656173',
      'hex',
    );
    expect(entityOf(key)).toEqual([{ name: 'user_id', value: '1' }]);
  });

  test.each(['', '00', 'ffffffffffff', '0100000009000000'])('of another kind is none: %s', (hex) =>
    expect(entityOf(Buffer.from(hex, 'hex'))).toBeUndefined(),
  );
});
