import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Operation, Row, TableName } from '../../operation.ts';
import type { Reject } from '../../rejects.ts';
import { TABLES } from '../../tables.ts';
import { checkChange, checkWholeRow } from '../row-check.ts';
import { openOnlineRetail } from './index.ts';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const root = mkdtempSync(join(tmpdir(), 'seeder-retail-'));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;
function folder(files: Readonly<Record<string, string>>): string {
  folders += 1;
  const path = join(root, String(folders));
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

async function map(files: Readonly<Record<string, readonly string[]>>) {
  const withHeader = Object.entries(files).map(([name, lines]) => [name, [HEADER, ...lines, ''].join('\n')]);
  const source = await openOnlineRetail(folder(Object.fromEntries(withHeader)));
  const rejects: Reject[] = [];
  const operations: Operation[] = [];
  for await (const operation of source.operations((reject) => rejects.push(reject))) operations.push(operation);
  expect(source.expectedOperations).toBe(operations.length);
  const rows = (table: TableName, op: Operation['op'] = 'insert'): Row[] =>
    operations.filter((each) => each.table === table && each.op === op).map(({ row }) => row);
  return { operations, rows, rejects: rejects.map(({ file, line, reason }) => `${file}:${line} ${reason}`) };
}

describe('accepted lines', () => {
  test('a line becomes product, customer, order and order line, and nothing is invented', async () => {
    const { operations } = await map({
      'a.csv': ['536365,85123a,WHITE HEART ,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom'],
    });
    const time = '2010-12-01T08:26:00.000000Z';
    const shared = { customer_id: 17850, kind: 'purchase', country: 'United Kingdom', order_time: time };
    expect(operations.map(({ table, op, row }) => [table, op, row])).toEqual([
      [
        'products',
        'insert',
        {
          product_id: '85123A',
          description: 'WHITE HEART ',
          unit_price: '2.55',
          category: null,
          created_at: time,
          updated_at: time,
        },
      ],
      [
        'customers',
        'insert',
        {
          customer_id: 17850,
          name: null,
          email: null,
          phone: null,
          ip: null,
          address: null,
          country: 'United Kingdom',
          created_at: time,
          updated_at: time,
        },
      ],
      ['orders', 'insert', { order_id: '536365', status: 'placed', ...shared, updated_at: time }],
      [
        'order_lines',
        'insert',
        {
          order_line_id: '536365-1',
          order_id: '536365',
          product_id: '85123A',
          quantity: 6,
          unit_price: '2.55',
          ...shared,
        },
      ],
      ['orders', 'update', { order_id: '536365', status: 'shipped', updated_at: '2010-12-02T08:26:00.000000Z' }],
    ]);
  });

  test('every row keeps the contract of its table', async () => {
    const { operations } = await map({
      'a.csv': [
        '1,11111,A,6,2010-12-01 08:00:00,2.5,1.0,EIRE',
        '2,11111,B,6,2010-12-01 09:00:00,2.6,1.0,Spain',
        'C3,22222,,-6,2010-12-01 09:00:00,0.0001,,',
      ],
    });
    for (const { table, op, row } of operations) {
      const check = op === 'insert' ? checkWholeRow : checkChange;
      expect(check(TABLES.get(table)!, row)).toHaveProperty('row');
    }
    expect(operations.some(({ op }) => op === 'update')).toBe(true);
  });

  test('the ordinal counts all lines of the invoice, rejected ones too, over files and between other invoices', async () => {
    const { rows, rejects } = await map({
      '1.csv': [
        '7,11111,A,1,2010-12-01 08:00:00,1,,X',
        '7,POST,A,1,2010-12-01 08:00:00,1,,X',
        '8,11111,A,1,2010-12-01 08:00:00,1,,X',
        '7,11111,A,1,2010-12-01 08:00:00,1,,X',
      ],
      '2.csv': ['7,broken', '7,11111,A,1,2010-12-01 08:00:00,1,,X'],
    });
    expect(rows('order_lines').map((row) => row.order_line_id)).toEqual(['7-1', '7-3', '7-5', '8-1']);
    expect(rejects).toEqual(['1.csv:3 NON_PRODUCT', '2.csv:2 BAD_VALUE']);
  });

  test('an order takes time, customer and country of its earliest accepted line, and its lines carry them', async () => {
    const { rows } = await map({
      'a.csv': [
        '7,POST,A,1,2010-12-01 07:00:00,1,3,Early',
        '7,11111,A,1,2010-12-01 08:02:00,1,,Late',
        '7,11111,A,1,2010-12-01 08:01:00,1,5.0,First',
        '7,11111,A,1,2010-12-01 08:01:00,1,6.0,Second',
      ],
    });
    const order = { customer_id: 5, country: 'First', kind: 'purchase', order_time: '2010-12-01T08:01:00.000000Z' };
    expect(rows('orders')).toEqual([expect.objectContaining(order)]);
    expect(rows('order_lines')).toEqual(
      [2, 3, 4].map((n) => expect.objectContaining({ ...order, order_line_id: `7-${n}` })),
    );
  });

  test('equal lines stay two lines', async () => {
    const line = '7,11111,A,1,2010-12-01 08:00:00,1,5,X';
    expect((await map({ 'a.csv': [line, line] })).rows('order_lines')).toHaveLength(2);
  });

  test('an invoice that starts with C is a return, and its quantities are stored positive whatever their sign', async () => {
    const { rows } = await map({
      'a.csv': ['C7,11111,A,-3,2010-12-01 08:00:00,1,5,X', 'C7,11111,A,4,2010-12-01 08:00:00,1,5,X'],
    });
    expect(rows('order_lines').map(({ kind, quantity }) => [kind, quantity])).toEqual([
      ['return', 3],
      ['return', 4],
    ]);
  });

  test('an empty CustomerID is a guest: an order without a customer', async () => {
    const { rows } = await map({ 'a.csv': ['7,11111,A,3,2010-12-01 08:00:00,1,,'] });
    expect(rows('customers')).toEqual([]);
    expect(rows('orders')).toEqual([expect.objectContaining({ customer_id: null, country: null })]);
  });

  test('columns are found by name', async () => {
    const source = await openOnlineRetail(
      folder({
        'a.csv':
          'Country,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\r\nX,5,1.5,2010-12-01 08:00:00,2,D,11111,7\r\n',
      }),
    );
    expect([...(source.operations(() => undefined) as Generator<Operation>)].map(({ table }) => table)).toContain(
      'order_lines',
    );
  });
});

describe('changes over time', () => {
  test('a purchase updates price and description of a product, a return and a missing description do not', async () => {
    const { rows } = await map({
      'a.csv': [
        '1,11111,OLD,1,2010-12-01 08:00:00,1.00,,X',
        '2,11111,OLD,1,2010-12-01 09:00:00,1.0,,X',
        '3,11111,,1,2010-12-01 10:00:00,1,,X',
        'C4,11111,OLDER,-1,2010-12-01 11:00:00,9,,X',
        '5,11111,NEW,1,2010-12-01 12:00:00,1.25,,X',
      ],
    });
    expect(rows('products', 'update')).toEqual([
      { product_id: '11111', description: 'NEW', unit_price: '1.25', updated_at: '2010-12-01T12:00:00.000000Z' },
    ]);
  });

  test('a customer moves country when an order says so, in order of time and not of files', async () => {
    const { rows } = await map({
      'a.csv': ['2,11111,A,1,2010-12-02 08:00:00,1,5,Belgium'],
      'b.csv': ['1,11111,A,1,2010-12-01 08:00:00,1,5,Australia', '3,11111,A,1,2010-12-03 08:00:00,1,5,'],
    });
    expect(rows('customers')).toEqual([expect.objectContaining({ country: 'Australia' })]);
    expect(rows('customers', 'update')).toEqual([expect.objectContaining({ customer_id: 5, country: 'Belgium' })]);
  });

  test('an order is shipped a day later, between the orders of that day', async () => {
    const { operations } = await map({
      'a.csv': [
        '1,11111,A,1,2010-12-01 08:00:00,1,,X',
        '2,11111,A,1,2010-12-02 07:59:00,1,,X',
        '3,11111,A,1,2010-12-02 08:00:00,1,,X',
      ],
    });
    expect(
      operations.filter(({ table }) => table === 'orders').map(({ row }) => `${row.order_id} ${row.status}`),
    ).toEqual(['1 placed', '2 placed', '1 shipped', '3 placed', '2 shipped', '3 shipped']);
    const times = operations.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('rejected lines', () => {
  const line = (over: Partial<Record<string, string>>) => {
    const cells = {
      InvoiceNo: '7',
      StockCode: '11111',
      Description: 'D',
      Quantity: '1',
      InvoiceDate: '2010-12-01 08:00:00',
      UnitPrice: '1.5',
      CustomerID: '5',
      Country: 'X',
      ...over,
    };
    return Object.values(cells).join(',');
  };

  test.each([
    ['BAD_VALUE', { Quantity: 'six' }],
    ['BAD_VALUE', { Quantity: '1.5' }],
    ['BAD_VALUE', { Quantity: '' }],
    ['BAD_VALUE', { UnitPrice: 'free' }],
    ['BAD_VALUE', { UnitPrice: '' }],
    ['BAD_VALUE', { UnitPrice: '1.00001' }],
    ['BAD_VALUE', { InvoiceDate: '2010-02-30 08:00:00' }],
    ['BAD_VALUE', { InvoiceDate: '' }],
    ['BAD_VALUE', { CustomerID: '178x' }],
    ['BAD_VALUE', { CustomerID: '17850.5' }],
    ['BAD_VALUE', { InvoiceNo: '' }],
    ['BAD_VALUE', { Description: 'a\u0000b' }],
    ['BAD_VALUE', { Country: 'X,surplus' }],
    ['NON_PRODUCT', { StockCode: '' }],
    ['NON_PRODUCT', { StockCode: 'POST' }],
    ['NON_PRODUCT', { StockCode: 'm' }],
    ['NON_PRODUCT', { StockCode: '11111ABC' }],
    ['NON_PRODUCT', { StockCode: '1111' }],
    ['NON_PRODUCT', { StockCode: '11111A ' }],
    ['NON_PRODUCT', { StockCode: 'gift_0001_40' }],
    ['NON_PRODUCT', { InvoiceNo: 'A563185', StockCode: 'B', Description: 'Adjust bad debt', UnitPrice: '-11062.06' }],
    ['NON_POSITIVE_PRICE', { UnitPrice: '0.0' }],
    ['NON_POSITIVE_PRICE', { UnitPrice: '-0.01' }],
    ['NON_POSITIVE_PRICE', { InvoiceNo: 'C7', UnitPrice: '0' }],
    ['NON_POSITIVE_QUANTITY', { Quantity: '0' }],
    ['NON_POSITIVE_QUANTITY', { Quantity: '-1' }],
    ['NON_POSITIVE_QUANTITY', { InvoiceNo: 'c7', Quantity: '-1' }],
    ['NON_POSITIVE_QUANTITY', { InvoiceNo: 'C7', Quantity: '0' }],
    // The first reason of several.
    ['BAD_VALUE', { StockCode: 'POST', UnitPrice: 'x' }],
    ['NON_PRODUCT', { StockCode: 'POST', UnitPrice: '0', Quantity: '-1' }],
    ['NON_POSITIVE_PRICE', { UnitPrice: '0', Quantity: '-1' }],
  ])('%s: %j', async (reason, over) => {
    const { operations, rejects } = await map({ 'a.csv': [line(over)] });
    expect(rejects).toEqual([`a.csv:2 ${reason}`]);
    expect(operations).toEqual([]);
  });

  test.each([
    { StockCode: '11111bl' },
    { StockCode: '11111l' },
    { InvoiceNo: 'A563185' },
    { Quantity: '74215.0' },
    { UnitPrice: '1e-4' },
    { Country: '' },
  ])('all else is accepted: %j', async (over) => {
    const { rows, rejects } = await map({ 'a.csv': [line(over)] });
    expect(rejects).toEqual([]);
    expect(rows('order_lines')).toHaveLength(1);
  });

  test('a rejected line leaves no trace: no product, customer or order of its own', async () => {
    const { rows } = await map({
      'a.csv': [line({}), line({ StockCode: '22222', UnitPrice: '0', CustomerID: '9', InvoiceNo: '8' })],
    });
    expect(rows('products').map((row) => row.product_id)).toEqual(['11111']);
    expect(rows('customers').map((row) => row.customer_id)).toEqual([5]);
    expect(rows('orders').map((row) => row.order_id)).toEqual(['7']);
  });

  test('what is said of a reject names the field and never its value', async () => {
    const source = await openOnlineRetail(
      folder({ 'a.csv': `${HEADER}\n${line({ CustomerID: 'planted@example.com' })}\n` }),
    );
    const rejects: Reject[] = [];
    for await (const _ of source.operations((reject) => rejects.push(reject)));
    expect(rejects[0]!.detail).toContain('CustomerID');
    expect(JSON.stringify(rejects)).not.toContain('planted');
  });
});

describe('inputs that cannot be meant', () => {
  test.each([
    ['a folder without CSV files', () => folder({ 'readme.txt': 'x' }), 'INPUT_EMPTY', /no \.csv file/],
    ['nothing at all', () => join(root, 'nowhere'), 'INPUT_NOT_FOUND', /nowhere/],
    ['an empty file', () => folder({ 'a.csv': '' }), 'INPUT_WRONG_FORMAT', /a\.csv .* lacks InvoiceNo/],
    [
      'a file without the header',
      () => folder({ 'a.csv': '536365,85123A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK\n' }),
      'INPUT_WRONG_FORMAT',
      /lacks InvoiceNo/,
    ],
    [
      'a missing column',
      () => folder({ 'a.csv': `${HEADER.replace(',UnitPrice', '')}\n` }),
      'INPUT_WRONG_FORMAT',
      /lacks UnitPrice/,
    ],
    ['an unknown column', () => folder({ 'a.csv': `${HEADER},Discount\n` }), 'INPUT_WRONG_FORMAT', /unknown Discount/],
    ['a column twice', () => folder({ 'a.csv': `${HEADER},Country\n` }), 'INPUT_WRONG_FORMAT', /twice/],
  ])('%s end in one clear message', async (_, input, code, message) => {
    await expect(openOnlineRetail(input())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

test('the fingerprint is of content and order: names and places do not matter', async () => {
  const files = {
    'a.csv': `${HEADER}\n1,11111,A,1,2010-12-01 08:00:00,1,,X\n`,
    'b.csv': `${HEADER}\n2,11111,A,1,2010-12-01 08:00:00,1,,X\n`,
  };
  const fingerprint = async (contents: Record<string, string>) =>
    (await openOnlineRetail(folder(contents))).fingerprint;
  const first = await fingerprint(files);
  expect(await fingerprint({ '1.csv': files['a.csv'], '2.csv': files['b.csv'] })).toBe(first);
  expect(await fingerprint({ 'a.csv': files['b.csv'], 'b.csv': files['a.csv'] })).not.toBe(first);
});
