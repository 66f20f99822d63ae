import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Operation, Row, TableName } from '../operation.ts';
import { type Group, planBatch } from './plan.ts';

const origin = { file: 'f', line: 1 };
const operation = (table: TableName, op: Operation['op'], row: Row): Operation => ({ time: 0, table, op, row, origin });

/** Two orders and two lines of each, in any sequence of operations that an application could send. */
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .record({
      op: fc.constantFrom('insert', 'update', 'delete' as const),
      id: fc.constantFrom('1', '2'),
      value: fc.nat(9),
    })
    .map(({ op, id, value }) =>
      operation('orders', op as Operation['op'], op === 'delete' ? { order_id: id } : { order_id: id, status: value }),
    ),
  fc
    .record({
      op: fc.constantFrom('insert', 'update', 'delete' as const),
      order: fc.constantFrom('1', '2'),
      n: fc.constantFrom('a', 'b'),
      value: fc.nat(9),
    })
    .map(({ op, order, n, value }) => {
      const order_line_id = `${order}-${n}`;
      if (op === 'delete') return operation('order_lines', 'delete', { order_line_id });
      return operation(
        'order_lines',
        op as Operation['op'],
        op === 'insert' ? { order_line_id, order_id: order, quantity: value } : { order_line_id, quantity: value },
      );
    }),
);

/** A database of two tables with a foreign key that cascades; false where it would refuse. */
function run(operations: readonly Operation[]): Map<string, Row> | false {
  const rows = new Map<string, Row>();
  for (const { table, op, row } of operations) {
    const key = `${table}/${table === 'orders' ? row.order_id : row.order_line_id}`;
    if (op === 'insert') {
      if (table === 'order_lines' && !rows.has(`orders/${row.order_id}`)) return false;
      if (!rows.has(key)) rows.set(key, row);
    } else if (op === 'update') {
      const before = rows.get(key);
      if (before) rows.set(key, { ...before, ...row });
    } else {
      rows.delete(key);
      if (table === 'orders') {
        for (const [line, value] of rows)
          if (line.startsWith('order_lines') && value.order_id === row.order_id) rows.delete(line);
      }
    }
  }
  return rows;
}

const sorted = (rows: Map<string, Row>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

describe('planBatch', () => {
  test('the statements in their order have the effect of the operations in theirs', () => {
    fc.assert(
      fc.property(fc.array(anyOperation, { maxLength: 30 }), (operations) => {
        const oneByOne = run(operations);
        fc.pre(oneByOne !== false);
        const planned = run(planBatch(operations).flatMap((group) => group.operations));
        expect(planned).not.toBe(false);
        expect(sorted(planned as Map<string, Row>)).toEqual(sorted(oneByOne as Map<string, Row>));
      }),
      { numRuns: 2_000 },
    );
  });

  test('no statement has a row twice, so that none can hit a row another part of it changed', () => {
    fc.assert(
      fc.property(fc.array(anyOperation, { maxLength: 30 }), (operations) => {
        for (const group of planBatch(operations)) {
          const keys = group.operations.map(({ row }) => (group.table === 'orders' ? row.order_id : row.order_line_id));
          expect(new Set(keys).size).toBe(keys.length);
        }
      }),
    );
  });

  test('the orders of a shop become few statements, not one each', () => {
    const operations = Array.from({ length: 100 }, (_, index) => [
      operation('orders', 'insert', { order_id: String(index) }),
      operation('order_lines', 'insert', { order_line_id: `${index}-1`, order_id: String(index) }),
      operation('orders', 'update', { order_id: String(index), status: 'shipped' }),
    ]).flat();
    const size = (group: Group) => `${group.op} ${group.table} ${group.operations.length}`;
    expect(planBatch(operations).map(size)).toEqual([
      'insert orders 100',
      'insert order_lines 100',
      'update orders 100',
    ]);
  });
});
