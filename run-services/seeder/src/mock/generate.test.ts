import { readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { DEFAULT_INPUT } from '../config.ts';
import type { Operation } from '../operation.ts';
import type { Reject } from '../rejects.ts';
import { openNdjson } from '../sources/ndjson.ts';
import { generateMockEvents } from './generate.ts';
import { PLANTED_PII } from './planted.ts';

const operations: Operation[] = [];
const rejects: Reject[] = [];
beforeAll(async () => {
  const source = await openNdjson(DEFAULT_INPUT);
  for await (const operation of source.operations((reject) => rejects.push(reject))) operations.push(operation);
});

const of = (table: Operation['table'], op: Operation['op']) =>
  operations.filter((each) => each.table === table && each.op === op);

describe('the committed recording', () => {
  test('is what the generator writes, byte for byte (else run src/mock/write.ts)', () => {
    expect(generateMockEvents() === readFileSync(DEFAULT_INPUT, 'utf8')).toBe(true);
    expect(statSync(DEFAULT_INPUT).size).toBeLessThan(6_000_000);
  });

  test('keeps every contract', () => {
    expect(rejects).toEqual([]);
  });

  test('has about 20,000 events over 2,000 customers, in order of time', () => {
    expect(of('customers', 'insert')).toHaveLength(2_000);
    expect(operations.length).toBeGreaterThan(18_000);
    expect(operations.length).toBeLessThan(22_000);
    expect(operations.every(({ time }, index) => index === 0 || time >= operations[index - 1]!.time)).toBe(true);
  });

  test.each([
    ['customers', 'update', 200],
    ['customers', 'delete', 4],
    ['products', 'update', 200],
    ['orders', 'update', 2_000],
    ['orders', 'delete', 20],
    ['order_lines', 'update', 20],
    ['order_lines', 'delete', 20],
    ['user_events', 'insert', 5_000],
  ] as const)('exercises %s %s', (table, op, least) => {
    expect(of(table, op).length).toBeGreaterThanOrEqual(least);
  });

  test('has guests, customers with returns only, and customers whose lines are all gone', () => {
    const lines = new Map<string, { order: unknown; customer: unknown; kind: unknown }>();
    const lost = new Set<unknown>();
    for (const { table, op, row } of operations) {
      if (table === 'order_lines' && op === 'insert')
        lines.set(String(row.order_line_id), { order: row.order_id, customer: row.customer_id, kind: row.kind });
      if (op !== 'delete') continue;
      for (const [id, line] of lines) {
        if (
          (table === 'order_lines' && id === row.order_line_id) ||
          (table === 'orders' && line.order === row.order_id)
        ) {
          lost.add(line.customer);
          lines.delete(id);
        }
      }
    }
    const kinds = new Map<unknown, Set<unknown>>();
    for (const { customer, kind } of lines.values()) kinds.set(customer, (kinds.get(customer) ?? new Set()).add(kind));
    expect(kinds.has(null)).toBe(true);
    expect([...kinds.values()].filter((found) => found.size === 1 && found.has('return')).length).toBeGreaterThan(3);
    expect([...lost].filter((customer) => !kinds.has(customer)).length).toBeGreaterThan(3);
  });

  test('has each planted personal value, and only with the planted customer', () => {
    const text = readFileSync(DEFAULT_INPUT, 'utf8');
    const { customerId, ...values } = PLANTED_PII;
    for (const value of Object.values(values)) {
      const found = text.split('\n').filter((line) => line.includes(value));
      expect(found.map((line) => JSON.parse(line).row.customer_id)).toEqual([customerId]);
    }
  });
});
