import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import pg from 'pg';
import { referenceSql } from './index.ts';

let stack: TestStack;
let client: pg.Client;

/** order, customer, kind, time, country, then its lines: product, quantity, price. Figures below are worked out by hand from these. */
const ORDERS: readonly [string, number | null, string, string, string | null, readonly [string, number, string][]][] = [
  [
    'p1',
    1,
    'purchase',
    '2026-03-01T10:00:00Z',
    'France',
    [
      ['A', 3, '0.10'],
      ['A', 3, '0.10'],
      ['B', 1, '1000000.05'],
    ],
  ],
  ['p2', 1, 'purchase', '2026-03-02T10:00:00.5Z', 'Spain', [['A', 1, '0.20']]],
  ['r1', 1, 'return', '2026-03-02T10:00:00.5Z', 'Zambia', [['B', 1, '500000']]],
  ['r2', 2, 'return', '2026-03-01T00:00:00Z', null, [['C', 2, '1.5']]],
  ['g1', null, 'purchase', '2026-03-03T09:59:59Z', 'Italy', [['A', 10, '0.30']]],
  // Its lines are gone: it counts for T and for nothing else.
  ['p3', 3, 'purchase', '2026-03-04T10:00:00.4Z', 'Italy', []],
];

beforeAll(async () => {
  stack = await startComponents(['postgres']);
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = stack.env;
  client = new pg.Client({
    host: PGHOST,
    port: Number(PGPORT),
    user: PGUSER,
    password: PGPASSWORD,
    database: PGDATABASE,
  });
  await client.connect();
  for (const [order, customer, kind, time, country, lines] of ORDERS) {
    await client.query('INSERT INTO shop.orders VALUES ($1, $2, $3, $4, $5, $6, $6)', [
      order,
      customer,
      kind,
      'placed',
      country,
      time,
    ]);
    for (const [index, [product, quantity, price]] of lines.entries()) {
      const values = [`${order}-${index}`, order, product, customer, kind, quantity, price, country, time];
      await client.query('INSERT INTO shop.order_lines VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)', values);
    }
  }
  for (const [index, time] of [
    '2026-03-01T09:55:00Z',
    '2026-03-01T09:54:59.999999Z',
    '2026-03-01T10:00:59.9Z',
  ].entries()) {
    await client.query('INSERT INTO shop.user_events VALUES ($1, 1, $2, NULL, $3, NULL, $4)', [
      `e${index}`,
      'A',
      'pv',
      time,
    ]);
  }
}, 180_000);

afterAll(async () => {
  await client?.end();
  await stack?.stop();
}, 60_000);

test('customer_features: exact money, whole days down to the last purchase, zeros and nulls where nothing was bought', async () => {
  const { rows } = await client.query(referenceSql.customerFeatures);
  const event_timestamp = new Date('2026-03-04T10:00:00.400Z');
  expect(rows).toEqual([
    {
      customer_id: '1',
      orders_count: '2',
      quantity_total: '8',
      gross_revenue: '1000000.85',
      returned_value: '500000',
      net_revenue: '500000.85',
      average_order_value: 500_000.425,
      // A tenth of a second short of two days.
      recency_days: '1',
      return_rate: expect.closeTo(500_000 / 1_000_000.85, 12),
      distinct_products: '2',
      // Equal times: the later name.
      last_country: 'Zambia',
      event_timestamp,
    },
    {
      customer_id: '2',
      orders_count: '0',
      quantity_total: '0',
      gross_revenue: '0',
      returned_value: '3',
      net_revenue: '-3',
      average_order_value: null,
      recency_days: null,
      return_rate: null,
      distinct_products: '0',
      last_country: null,
      event_timestamp,
    },
  ]);
});

test('product_features: guests count in all but buyers, and a product that only came back has zeros', async () => {
  const { rows } = await client.query(referenceSql.productFeatures);
  expect(rows.map(({ event_timestamp: _, ...row }) => row)).toEqual([
    {
      product_id: 'A',
      buyers: '1',
      orders_count: '3',
      quantity_total: '17',
      gross_revenue: '3.8',
      average_price: expect.closeTo(3.8 / 17, 12),
      return_rate: 0,
    },
    {
      product_id: 'B',
      buyers: '1',
      orders_count: '1',
      quantity_total: '1',
      gross_revenue: '1000000.05',
      average_price: 1_000_000.05,
      return_rate: expect.closeTo(500_000 / 1_000_000.05, 12),
    },
    {
      product_id: 'C',
      buyers: '0',
      orders_count: '0',
      quantity_total: '0',
      gross_revenue: '0',
      average_price: null,
      return_rate: null,
    },
  ]);
});

test('customer_activity: windows begin at a whole minute and hold both their ends; returns count as events but spend nothing', async () => {
  const { rows } = await client.query(referenceSql.customerActivity);
  const told = rows
    .filter(({ customer_id }) => customer_id === '1')
    .map((row) => [
      row.event_time.toISOString(),
      row.events_5m,
      row.events_1h,
      row.events_24h,
      row.spend_5m,
      row.spend_24h,
    ]);
  expect(told).toEqual([
    ['2026-03-01T09:54:59.999Z', '1', '1', '1', '0', '0'],
    ['2026-03-01T09:55:00.000Z', '2', '2', '2', '0', '0'],
    // 10:00:00 − 5 min is 09:55:00, and the click of that very moment counts.
    ['2026-03-01T10:00:00.000Z', '4', '5', '5', '1000000.65', '1000000.65'],
    // 10:00:59.9 − 5 min is 09:55:59.9, and the window begins at 09:55:00.
    ['2026-03-01T10:00:59.900Z', '5', '6', '6', '1000000.65', '1000000.65'],
    // 10:00:00.5 − 24 h is 10:00:00.5, and the window begins at 10:00:00.
    ['2026-03-02T10:00:00.500Z', '2', '2', '6', '0.2', '1000000.85'],
  ]);
});
