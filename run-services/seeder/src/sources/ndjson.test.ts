import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Operation } from '../operation.ts';
import type { Reject } from '../rejects.ts';
import { openNdjson } from './ndjson.ts';

const folder = mkdtempSync(join(tmpdir(), 'seeder-ndjson-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(...lines: readonly (string | object)[]) {
  const path = join(folder, 'events.ndjson');
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  const rejects: Reject[] = [];
  const operations: Operation[] = [];
  for await (const operation of (await openNdjson(path)).operations((reject) => rejects.push(reject)))
    operations.push(operation);
  return { operations, rejects };
}

const ts = '2026-03-02T08:00:00.000000Z';
const order = {
  order_id: '1',
  customer_id: 5,
  kind: 'purchase',
  status: 'placed',
  country: 'X',
  order_time: ts,
  updated_at: ts,
};
const insert = (over: object, table = 'orders', row: object = order) => ({
  ts,
  table,
  op: 'insert',
  row: { ...row, ...over },
});

describe('openNdjson', () => {
  test('inserts, updates and deletes keep their order, and absent nullable columns are null', async () => {
    const { country, ...rest } = order;
    const { operations, rejects } = await read(
      { ts, table: 'orders', op: 'insert', row: rest },
      '',
      { ts, table: 'orders', op: 'update', row: { order_id: '1', status: 'shipped' } },
      { ts, table: 'orders', op: 'delete', key: { order_id: '1' } },
    );
    expect(country).toBe('X');
    expect(rejects).toEqual([]);
    expect(operations.map(({ op, row, origin }) => [op, row, origin.line])).toEqual([
      ['insert', { ...order, country: null }, 1],
      ['update', { order_id: '1', status: 'shipped' }, 3],
      ['delete', { order_id: '1' }, 4],
    ]);
  });

  const line = {
    order_line_id: '1-1',
    order_id: '1',
    product_id: 'p',
    customer_id: 5,
    kind: 'purchase',
    quantity: 1,
    unit_price: '1.50',
    country: null,
    order_time: ts,
  };
  test.each<[string, string | object, RegExp]>([
    ['half a line', '{"ts":', /not a JSON object/],
    ['an array', '[]', /not a JSON object/],
    ['no time', { ...insert({}), ts: 'yesterday' }, /^ts /],
    ['an unknown table', { ...insert({}), table: 'invoices' }, /^table /],
    ['an inherited name for a table operation', { ...insert({}), op: 'toString' }, /^op /],
    ['an unknown member', { ...insert({}), note: 1 }, /nothing else/],
    ['an insert with a key', { ts, table: 'orders', op: 'insert', key: { order_id: '1' } }, /nothing else/],
    [
      'a missing required column',
      { ts, table: 'orders', op: 'insert', row: { order_id: '1' } },
      /kind|status|order_time/,
    ],
    ['an unknown column', insert({ colour: 'red' }), /colour/],
    ['a status outside the contract', insert({ status: 'lost' }), /status/],
    ['a quantity of zero', insert({ quantity: 0 }, 'order_lines', line), /quantity/],
    ['a price as a number', insert({ unit_price: 1.5 }, 'order_lines', line), /unit_price/],
    ['a price with more digits than the column', insert({ unit_price: '1.00001' }, 'order_lines', line), /unit_price/],
    ['an integer that has lost digits', insert({ customer_id: 2 ** 53 }), /customer_id/],
    ['a day without a calendar', insert({ order_time: '2026-02-30T08:00:00.000000Z' }), /order_time/],
    ['a NUL', insert({ country: 'a\u0000' }), /country/],
    ['an update without a key', { ts, table: 'orders', op: 'update', row: { status: 'shipped' } }, /order_id/],
    ['an update of nothing', { ts, table: 'orders', op: 'update', row: { order_id: '1' } }, /no column to change/],
    [
      'an update to null of a required column',
      { ts, table: 'orders', op: 'update', row: { order_id: '1', status: null } },
      /status/,
    ],
    ['a delete by another column', { ts, table: 'orders', op: 'delete', key: { status: 'placed' } }, /key/],
    ['a delete without a key', { ts, table: 'orders', op: 'delete', key: {} }, /order_id/],
  ])('%s is a BAD_VALUE that names what is wrong, and the next line is read', async (_, bad, detail) => {
    const { operations, rejects } = await read(bad, insert({}));
    expect(rejects).toEqual([
      { file: 'events.ndjson', line: 1, reason: 'BAD_VALUE', detail: expect.stringMatching(detail) },
    ]);
    expect(operations).toHaveLength(1);
  });

  test('a rejected personal value is not repeated', async () => {
    const planted = 'planted@example.com';
    const customer = { customer_id: planted, name: 7, email: planted, created_at: ts, updated_at: ts };
    const first = await read(insert({ name: { planted } }, 'customers', { ...customer, customer_id: 1 }));
    expect(first.rejects).toHaveLength(1);
    expect(JSON.stringify(first.rejects)).not.toContain('planted');
  });

  test('a line that is not UTF-8 is a BAD_VALUE', async () => {
    const path = join(folder, 'latin1.ndjson');
    writeFileSync(path, Buffer.from(JSON.stringify(insert({ country: 'Espa\xf1a' })), 'latin1'));
    const rejects: Reject[] = [];
    for await (const _ of (await openNdjson(path)).operations((reject) => rejects.push(reject)));
    expect(rejects.map(({ detail }) => detail)).toEqual(['the line is not UTF-8']);
  });

  test('a file without line ends is told from a recording before it fills the memory', async () => {
    const path = join(folder, 'blob.ndjson');
    writeFileSync(path, Buffer.alloc(9 << 20, 0x61));
    const source = await openNdjson(path);
    await expect(source.operations(() => undefined).next()).rejects.toMatchObject({ code: 'LINE_TOO_LONG' });
  });
});
