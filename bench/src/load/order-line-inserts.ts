import { setTimeout as sleep } from 'node:timers/promises';
import { connection } from '@tributary/local-emulator/components/postgres';
import type { TestStack } from '@tributary/local-emulator/testing';
import pg from 'pg';
import { seededRandom } from './random.ts';

/** Lines that a transaction inserts: an order's. */
const LINES = 5;
const CUSTOMERS = 5_000;
const CONNECTIONS = 4;
/** Orders that a statement makes beforehand. */
const ORDERS_A_STATEMENT = 2_000;

/**
 * Inserts order lines at a rate, each transaction the lines of one order, as an application does while people shop. Orders are made beforehand, so that
 * while it is measured the database commits order lines and nothing else.
 *
 * A transaction that could not start on time starts as soon as it can: the rate is kept on average.
 *
 * @returns how many lines were inserted a second
 */
export async function insertOrderLines(stack: TestStack, rate: number, seconds: number): Promise<number> {
  const pool = new pg.Pool({ ...connection(stack.machine), max: CONNECTIONS });
  const random = seededRandom(1);
  try {
    const transactions = Math.ceil((rate * seconds) / LINES);
    await makeOrders(pool, transactions);
    const began = Date.now();
    let next = 0;
    const work = async (): Promise<void> => {
      const client = await pool.connect();
      try {
        for (;;) {
          const order = next++;
          if (order >= transactions) return;
          const due = began + (order * LINES * 1_000) / rate;
          const wait = due - Date.now();
          if (wait > 0) await sleep(wait);
          // One statement is one transaction, committed when it returns.
          await client.query({ name: 'lines', text: INSERT_LINES, values: lines(order, random) });
        }
      } finally {
        client.release();
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    return (transactions * LINES * 1_000) / (Date.now() - began);
  } finally {
    await pool.end();
  }
}

const INSERT_LINES = `INSERT INTO shop.order_lines
  (order_line_id, order_id, product_id, customer_id, kind, quantity, unit_price, country, order_time)
  SELECT $1::text || '-' || n, $1, 'P' || ($2::int + n), $3, 'purchase', n, 2.55, 'United Kingdom', now()
  FROM generate_series(1, ${LINES}) AS n`;

function lines(order: number, random: () => number): (string | number)[] {
  return [orderId(order), Math.floor(random() * 3_000), 12_346 + Math.floor(random() * CUSTOMERS)];
}

async function makeOrders(pool: pg.Pool, orders: number): Promise<void> {
  for (let first = 0; first < orders; first += ORDERS_A_STATEMENT) {
    await pool.query(
      `INSERT INTO shop.orders (order_id, customer_id, kind, status, country, order_time, updated_at)
       SELECT 'bench-' || n, 12346, 'purchase', 'placed', 'United Kingdom', now(), now()
       FROM generate_series($1::int, $2::int) AS n`,
      [first, Math.min(first + ORDERS_A_STATEMENT, orders) - 1],
    );
  }
}

function orderId(order: number): string {
  return `bench-${order}`;
}
