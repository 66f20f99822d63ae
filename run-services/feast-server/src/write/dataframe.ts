import { PyFault } from '../python/fault.ts';
import { PyFloat, type PyObject, type PyValue } from '../python/json.ts';
import { isDict } from '../value/from-python.ts';
import { MIN_INT64 } from '../value/python-type.ts';

/** Columns of equal length, by name, in the request's order. */
export interface DataFrame {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, readonly PyValue[]>;
}

/**
 * A request's `df` as it comes out of pandas, Arrow and numpy: `pd.DataFrame(df)` → `pa.Table.from_pandas` → `to_numpy`.
 *
 * What these do to a column on the way: integers with a null or a fraction among them become floats, the null a NaN; lists of integers become lists of
 * floats where one of the column has a fraction; a column of texts must be of texts.
 *
 * @throws {PyFault} as pandas and Arrow fail
 */
export function toDataFrame(df: PyObject): DataFrame {
  const columns = new Map<string, PyValue[]>();
  const entries = Object.entries(df);
  const lists = entries.filter(([, column]) => Array.isArray(column) || isDict(column));
  if (entries.length > 0 && lists.length === 0) {
    throw new PyFault('ValueError', 'If using all scalar values, you must pass an index');
  }
  const lengths = new Set(
    lists.map(([, column]) => (Array.isArray(column) ? column.length : Object.keys(column as PyObject).length)),
  );
  if (lengths.size > 1) throw new PyFault('ValueError', 'All arrays must be of the same length');
  const rows = lengths.values().next().value ?? 0;
  for (const [name, column] of entries) columns.set(name, valuesOf(column, rows));
  return { rows, columns };
}

function valuesOf(column: PyValue, rows: number): PyValue[] {
  // As `DataFrame.to_dict()` gives it: row → value. Rows of all columns are in the same order there.
  if (isDict(column)) return Object.values(column);
  return Array.isArray(column) ? column : Array.from({ length: rows }, () => column);
}

const MAX_UINT64 = 2n ** 64n - 1n;

const isInt = (value: PyValue): boolean => typeof value === 'number' || typeof value === 'bigint';
const isNumber = (value: PyValue): boolean => isInt(value) || value instanceof PyFloat;

/** What numpy hands on of a column. @throws {PyFault} where Arrow has no type for it */
export function throughArrow(name: string, values: readonly PyValue[]): readonly PyValue[] {
  const filled = values.filter((value) => value !== null);
  if (filled.every(isNumber)) {
    if (filled.length === 0) return values;
    filled.forEach(refuseHuge);
    if (filled.length === values.length && filled.every(isInt)) return values;
    return values.map((value) => (value === null ? new PyFloat(Number.NaN) : toFloat(value)));
  }
  const [first] = filled as [PyValue];
  if (Array.isArray(first) && filled.every(Array.isArray)) return listsThroughArrow(values as (PyValue[] | null)[]);
  const kinds = new Set(filled.map((value) => (isNumber(value) ? 'number' : typeof value)));
  if (kinds.size > 1) {
    throw new PyFault(
      'ArrowTypeError',
      `('Values of several types cannot be in one column', 'Conversion failed for column ${name} with type object')`,
    );
  }
  return values;
}

/** What fits neither of numpy's 64-bit integers stays a Python int, which Arrow has no type for. */
function refuseHuge(value: PyValue): void {
  if (typeof value !== 'bigint') return;
  if (value < MIN_INT64) throw new PyFault('OverflowError', 'Python int too large to convert to C long');
  if (value > MAX_UINT64) throw new PyFault('OverflowError', 'int too big to convert');
}

function toFloat(value: PyValue): PyFloat {
  return value instanceof PyFloat ? value : new PyFloat(Number(value));
}

function listsThroughArrow(values: readonly (PyValue[] | null)[]): readonly PyValue[] {
  const items = values.flatMap((list) => list ?? []);
  const filled = items.filter((item) => item !== null);
  if (filled.length === 0 || !filled.every(isNumber)) return values;
  const hasFraction = filled.some((item) => item instanceof PyFloat);
  return values.map((list) => {
    if (list === null) return null;
    // numpy has no integer that is missing, so a list with one is a list of floats.
    if (!hasFraction && !list.includes(null)) return list;
    return list.map((item) => (item === null ? new PyFloat(Number.NaN) : toFloat(item)));
  });
}
