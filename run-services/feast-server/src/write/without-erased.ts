import type { ErasedSubjects } from '@tributary/platform/erasures';
import { PyFloat, type PyObject, type PyValue } from '../python/json.ts';
import { type FeastValue, isMap, type ValueData } from '../value/feast-value.ts';
import { isDict } from '../value/from-python.ts';
import type { DataFrame } from './dataframe.ts';

/** Whether a row that is to be stored is about somebody who was erased: its values, by the names that they are stored under. */
export function isOfErased(
  converted: ReadonlyMap<string, readonly (FeastValue | undefined)[]>,
  row: number,
  erased: ErasedSubjects,
): boolean {
  return erased.concern(Object.fromEntries([...converted].map(([name, values]) => [name, plain(values[row]?.data)])));
}

function plain(data: ValueData | undefined): unknown {
  // Bytes are nobody's number.
  if (data === undefined || Buffer.isBuffer(data)) return null;
  if (typeof data !== 'object') return data;
  if (isMap(data)) return Object.fromEntries(data.entries.map(([key, value]) => [key, plain(value?.data)]));
  return data.map(plain);
}

/**
 * A request's `df` as it came, but for rows of people who were erased: for Python, which writes some rows in our place.
 *
 * @returns `rows` that are left; `df` is the one given where that is all of them
 */
export function withoutErased(
  df: PyObject,
  { rows, columns }: DataFrame,
  erased: ErasedSubjects | undefined,
): { readonly df: PyObject; readonly rows: number } {
  if (erased === undefined || erased.isEmpty) return { df, rows };
  const kept = Array.from({ length: rows }, (_, row) => row).filter(
    (row) => !erased.concern(Object.fromEntries([...columns].map(([name, values]) => [name, asSent(values[row]!)]))),
  );
  if (kept.length === rows) return { df, rows };
  const left = new Set(kept);
  const cut = Object.entries(df).map(([name, column]): [string, PyValue] => {
    if (Array.isArray(column)) return [name, column.filter((_, row) => left.has(row))];
    if (isDict(column)) return [name, Object.fromEntries(Object.entries(column).filter((_, row) => left.has(row)))];
    return [name, column];
  });
  return { df: Object.fromEntries(cut), rows: kept.length };
}

/** Python reads ` 007` and 7.0 as the integer 7 where a column is of integers, so both are also that. */
function asSent(value: PyValue): unknown {
  if (value instanceof PyFloat) return Number.isInteger(value.value) ? BigInt(value.value) : value.value;
  if (typeof value === 'string') return /^\s*[+-]?\d+\s*$/.test(value) ? [value, BigInt(value.trim())] : value;
  if (Array.isArray(value)) return value.map(asSent);
  if (isDict(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asSent(item)]));
  return value;
}
