import type { Row, WireValue } from '../operation.ts';
import type { Table } from '../tables.ts';
import { isStorable, readDecimal, readInteger, readMoment } from '../wire-values.ts';

/** A row that keeps its table's contract, or what is wrong with it, without personal values. */
export type Checked = { readonly row: Row } | { readonly problem: string };

/** A whole row; absent columns are null, so that all inserts of a table have the same columns. */
export function checkWholeRow(table: Table, value: unknown): Checked {
  if (!isObject(value)) return { problem: 'row is not an object' };
  const whole = Object.fromEntries([...table.columns.keys()].map((name) => [name, value[name] ?? null]));
  // The given columns last, for the contract to find those it does not know.
  return check(table, { ...whole, ...value }, 'complete');
}

/** The key, and at least one column to change. */
export function checkChange(table: Table, value: unknown): Checked {
  if (!isObject(value)) return { problem: 'row is not an object' };
  if (Object.keys(value).every((name) => table.primaryKey.includes(name)))
    return { problem: 'row has no column to change' };
  return check(table, value, 'partial');
}

/** The key and nothing else. */
export function checkKey(table: Table, value: unknown): Checked {
  if (!isObject(value)) return { problem: 'key is not an object' };
  if (!Object.keys(value).every((name) => table.primaryKey.includes(name))) {
    return { problem: `key has more than ${table.primaryKey.join(', ')}` };
  }
  return check(table, value, 'partial');
}

function check(table: Table, value: Record<string, unknown>, completeness: 'complete' | 'partial'): Checked {
  const violation = table.validate(value, completeness);
  if (violation) return { problem: violation.message };
  const row = value as Record<string, WireValue>;
  for (const [name, given] of Object.entries(row)) {
    const storable = given === null ? null : STORABLE[table.columns.get(name)!.type]!;
    if (storable && !storable.holds(String(given))) return { problem: `${name} is not ${storable.what}` };
  }
  return { row };
}

/** What the columns of docs/interfaces.md hold, where that is less than the contract's type allows. */
const STORABLE: Readonly<Record<string, { what: string; holds: (text: string) => boolean }>> = {
  STRING: { what: 'text without NUL and halves of characters', holds: isStorable },
  INT64: { what: 'an integer of 64 bits', holds: (text) => readInteger(text) !== null },
  NUMERIC: {
    what: 'a decimal of at most 14 digits before and 4 after the point',
    holds: (text) => readDecimal(text) !== null,
  },
  TIMESTAMP: { what: 'a time of the calendar', holds: (text) => readMoment(text) !== null },
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
