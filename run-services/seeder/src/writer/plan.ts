import type { Operation, TableName } from '../operation.ts';
import { TABLES } from '../tables.ts';

/** Operations that one SQL statement does: same table, same kind, same columns, each row once. */
export interface Group {
  readonly table: TableName;
  readonly op: Operation['op'];
  readonly columns: readonly string[];
  readonly unlessNewer: boolean;
  readonly operations: Operation[];
}

/**
 * Arranges the operations of a batch into few statements with the same effect as doing them one by one.
 *
 * An operation joins the first group of its kind that comes after everything it depends on: earlier operations on the same row; for a line, those on its order
 * (the foreign key); for the deletion of an order, those on its lines (the cascade). A delete of a line by key does not name its order, and needs not: it
 * and the cascade take the same row away, whichever is first.
 */
export function planBatch(operations: readonly Operation[]): Group[] {
  const groups: Group[] = [];
  const lastOfRow = new Map<string, number>();
  const lastLineOfOrder = new Map<string, number>();

  for (const operation of operations) {
    const row = rowKey(operation);
    const order = orderKey(operation);
    const after = Math.max(
      lastOfRow.get(row) ?? -1,
      operation.table === 'order_lines' && order !== null ? (lastOfRow.get(order) ?? -1) : -1,
      operation.table === 'orders' && operation.op === 'delete' ? (lastLineOfOrder.get(row) ?? -1) : -1,
    );
    const columns = Object.keys(operation.row);
    const unlessNewer = operation.unlessNewer ?? false;
    let at = groups.findIndex(
      (group, index) =>
        index > after &&
        group.table === operation.table &&
        group.op === operation.op &&
        group.unlessNewer === unlessNewer &&
        sameNames(group.columns, columns),
    );
    if (at === -1) {
      at = groups.length;
      groups.push({ table: operation.table, op: operation.op, columns, unlessNewer, operations: [] });
    }
    groups[at]!.operations.push(operation);
    lastOfRow.set(row, at);
    if (operation.table === 'order_lines' && order !== null) {
      lastLineOfOrder.set(order, Math.max(at, lastLineOfOrder.get(order) ?? -1));
    }
  }
  return groups;
}

function rowKey({ table, row }: Operation): string {
  return `${table}/${JSON.stringify(TABLES.get(table)!.primaryKey.map((name) => String(row[name])))}`;
}

function orderKey({ row }: Operation): string | null {
  return row.order_id === undefined ? null : `orders/${JSON.stringify([String(row.order_id)])}`;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
