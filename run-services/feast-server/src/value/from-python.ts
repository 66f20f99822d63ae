import { PyFault } from '../python/fault.ts';
import { JsonDecodeError, loads, PyFloat, type PyObject, type PyValue } from '../python/json.ts';
import { floatRepr, intOfFloat, intOfText } from '../python/numbers.ts';
import { repr } from '../python/repr.ts';
import { ValueType, type ValueTypeNumber } from '../registry/value-type.ts';
import type { FeastValue, ValueData, ValueMap } from './feast-value.ts';
import { isListType, listOf, toList } from './lists.ts';
import { MAX_INT64, MIN_INT64, toFloatText, typeName } from './python-type.ts';

const {
  BOOL,
  BYTES,
  DOUBLE,
  FLOAT,
  INT32,
  INT64,
  JSON: JSON_TYPE,
  MAP,
  MAP_LIST,
  STRING,
  UNIX_TIMESTAMP,
  UNKNOWN,
} = ValueType;

const NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(ValueType).map(([name, number]) => [number, name]),
);

/**
 * A column of a request as Values of a type: feast/type_map.py `python_values_to_proto_values`, with its coercions, its nulls and its exceptions.
 *
 * @param type UNKNOWN: the first value that is not empty says
 * @throws {PyFault} as Feast fails
 */
export function toValues(values: readonly PyValue[], type: ValueTypeNumber): (FeastValue | undefined)[] {
  if (type === INT64 && values.every(isSmallInt)) return values.map((data) => ({ type: INT64, data: data as number }));
  if (type === STRING && values.every((it) => typeof it === 'string'))
    return values.map((data) => ({ type: STRING, data: data as string }));
  const sample = values.find(isNonEmpty);
  const known = type === UNKNOWN && sample !== undefined ? inferType(sample) : type;
  if (known === UNKNOWN) {
    if (values.every((value) => value === null)) return values.map(() => undefined);
    throw new PyFault('TypeError', "Couldn't infer value type from empty value");
  }
  if (known === MAP) return values.map((value) => (value === null ? undefined : { type: MAP, data: toMap(value) }));
  if (known === MAP_LIST) {
    return values.map((value) => (value === null ? undefined : { type: MAP_LIST, data: toMapList(value) }));
  }
  if (known === JSON_TYPE) {
    return values.map((value) => (value === null ? undefined : { type: JSON_TYPE, data: toJsonText(value) }));
  }
  if (isListType(known)) return toList(values, known, sample);
  return toScalars(values, known);
}

const isSmallInt = (value: PyValue): boolean => typeof value === 'number';

/** Python's `_non_empty_value`: neither None nor an empty list or dict; an empty string counts as a value. */
export function isNonEmpty(value: PyValue): boolean {
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isDict(value) || Object.keys(value).length > 0;
}

export function isDict(value: PyValue): value is PyObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof PyFloat);
}

const isArrayLike = (value: PyValue): boolean => Array.isArray(value) || isDict(value);

/** feast/type_map.py `python_type_to_feast_value_type`, of what JSON can hold. */
function inferType(value: PyValue, nested = false): ValueTypeNumber {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return INT64;
    case 'string':
      return STRING;
    case 'boolean':
      return BOOL;
  }
  if (value instanceof PyFloat) return DOUBLE;
  if (Array.isArray(value)) {
    if (value.length > 0 && isDict(value[0]!)) return MAP_LIST;
    if (nested) {
      throw new PyFault(
        'ValueError',
        "Value type for field  is <class 'list'> but recursion is not allowed. Nested collection types cannot be inferred automatically; " +
          'use an explicit Field dtype instead (e.g., dtype=Array(Array(Int32))).',
      );
    }
    let common: ValueTypeNumber | undefined;
    for (const item of value) {
      const current = inferType(item, true);
      if (common !== undefined && common !== current) {
        throw new PyFault(
          'ValueError',
          `List value type for field  is inconsistent. ValueType.${NAMES[common]} different from ValueType.${NAMES[current]}.`,
        );
      }
      common = current;
    }
    return common === undefined ? UNKNOWN : listOf(common);
  }
  if (value !== null) return MAP;
  throw new PyFault('ValueError', 'Value with native type nonetype cannot be converted into Feast value type');
}

function toScalars(values: readonly PyValue[], type: ValueTypeNumber): (FeastValue | undefined)[] {
  const sample = values.find((value) => isNonEmpty(value) && !isArrayLike(value));
  if (sample === undefined) return values.map(() => undefined);
  const convert = SCALARS[type];
  if (convert === undefined) throw new PyFault('Exception', `Unsupported data type: ValueType.${NAMES[type] ?? type}`);
  checkSample(sample, type);
  return values.map((value) => {
    if (value === null || isArrayLike(value)) return undefined;
    if (value instanceof PyFloat && Number.isNaN(value.value) && type !== UNIX_TIMESTAMP) return undefined;
    return { type, data: convert(value) };
  });
}

const SAMPLE_TYPES: Readonly<Record<number, readonly string[]>> = {
  [DOUBLE]: ['float', 'int', 'numpy.float64', 'numpy.int64', 'decimal.Decimal'],
  [BYTES]: ['bytes'],
  [BOOL]: ['bool', 'int', 'numpy.bool', 'numpy.int64'],
  [ValueType.UUID]: ['str', 'uuid.UUID'],
  [ValueType.TIME_UUID]: ['str', 'uuid.UUID'],
  [ValueType.DECIMAL]: ['str', 'decimal.Decimal'],
};
const ZERO_TYPES = ['float', 'int', 'numpy.float64', 'numpy.int64', 'decimal.Decimal'];

/** The types are a Python set, which prints in an order of its own. */
function checkSample(sample: PyValue, type: ValueTypeNumber): void {
  const valid = SAMPLE_TYPES[type];
  if (valid === undefined) return;
  const isZero = sample === 0 || sample === false || (sample instanceof PyFloat && sample.value === 0);
  const allowed = isZero && type !== BOOL ? ZERO_TYPES : valid;
  if (allowed.includes(typeName(sample))) return;
  const classes = allowed.map((name) => `<class '${name}'>`).join(', ');
  throw new PyFault('AssertionError', `Type \`<class '${typeName(sample)}'>\` not in {${classes}}`);
}

type Scalar = string | number | bigint | boolean | PyFloat;
const SCALARS: Readonly<Record<number, (value: PyValue) => ValueData>> = {
  [INT64]: (value) => int64(toInt(value as Scalar)),
  [INT32]: (value) => int32(toInt(value as Scalar)),
  // Any float is no time: numpy's NaT as an integer.
  [UNIX_TIMESTAMP]: (value) => (value instanceof PyFloat ? MIN_INT64 : int64(toInt(value as Scalar))),
  [STRING]: (value) => toText(value as Scalar),
  [DOUBLE]: (value) => toReal(value as Scalar),
  [FLOAT]: (value) => Math.fround(typeof value === 'string' ? toFloatText(value) : toReal(value as Scalar)),
  [BOOL]: (value) => toBool(value as Scalar),
  [ValueType.UUID]: (value) => toText(value as Scalar),
  [ValueType.TIME_UUID]: (value) => toText(value as Scalar),
  [ValueType.DECIMAL]: (value) => toText(value as Scalar),
  [BYTES]: () => {
    throw new PyFault('TypeError', 'bad argument type for built-in operation');
  },
};

/** Python's `int(value)`. */
function toInt(value: Scalar): bigint | number {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'string' ? intOfText(value) : intOfFloat(value.value);
}

/** An integer that a 64-bit field takes; a number where that is exact. */
export function int64(value: bigint | number): number | bigint {
  if (typeof value === 'number') return value;
  if (value < MIN_INT64 || value > MAX_INT64) throw new PyFault('ValueError', `Value out of range: ${value}`);
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

export function int32(value: bigint | number): number {
  if (value < -2147483648 || value > 2147483647) throw new PyFault('ValueError', `Value out of range: ${value}`);
  return Number(value);
}

function toText(value: Scalar): string {
  if (value instanceof PyFloat) return floatRepr(value.value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

export function toReal(value: PyValue): number {
  if (value instanceof PyFloat) return value.value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  throw new PyFault('TypeError', `must be real number, not ${typeName(value)}`);
}

export function toBool(value: PyValue): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'bigint') return value !== 0n;
  throw new PyFault('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`);
}

/** Text in the place of a dict or a list is read as JSON. */
function unpacked(value: PyValue): PyValue {
  if (typeof value !== 'string') return value;
  try {
    return loads(Buffer.from(value));
  } catch (error) {
    if (error instanceof JsonDecodeError) throw new PyFault('JSONDecodeError', describeJsonFault(error, value));
    throw error;
  }
}

function describeJsonFault({ message, position }: JsonDecodeError, text: string): string {
  const before = [...text].slice(0, position).join('');
  const line = before.split('\n').length;
  const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
  return `${message}: line ${line} column ${column} (char ${position})`;
}

function toMap(given: PyValue): ValueMap {
  const value = unpacked(given);
  if (!isDict(value)) {
    throw new PyFault('TypeError', `Expected dict for MAP type, got ${typeName(value)}: ${shortRepr(value)}`);
  }
  const entries = Object.entries(value).map(([key, item]): [string, FeastValue | undefined] => {
    if (item === null) return [key, undefined];
    if (isDict(item)) return [key, { type: MAP, data: toMap(item) }];
    if (Array.isArray(item) && item.length > 0 && isDict(item[0]!))
      return [key, { type: MAP_LIST, data: toMapList(item) }];
    return [key, toValues([item], UNKNOWN)[0]];
  });
  return { entries };
}

function toMapList(given: PyValue): readonly ValueData[] {
  const value = unpacked(given);
  if (!Array.isArray(value)) {
    throw new PyFault('TypeError', `Expected list for MAP_LIST type, got ${typeName(value)}: ${shortRepr(value)}`);
  }
  return value.map((item) => {
    if (isDict(item)) return toMap(item);
    throw new PyFault('ValueError', `MapList can only contain dictionaries, got <class '${typeName(item)}'>`);
  });
}

function shortRepr(value: PyValue): string {
  if (typeof value === 'string') return repr(value);
  if (Array.isArray(value)) return `[${value.map(shortRepr).join(', ')}]`;
  if (isDict(value))
    return `{${Object.entries(value)
      .map(([k, v]) => `${repr(k)}: ${shortRepr(v)}`)
      .join(', ')}}`;
  return value === null ? 'None' : toText(value as Scalar);
}

/** A JSON feature takes JSON text as it is, and of anything else its text. */
function toJsonText(value: PyValue): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(', ')}]`;
  return jsonOf(value);
}

function jsonOf(value: PyValue): string {
  if (typeof value === 'string')
    return JSON.stringify(value).replace(
      /[\u0080-\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(', ')}]`;
  if (isDict(value))
    return `{${Object.entries(value)
      .map(([k, v]) => `${jsonOf(k)}: ${jsonOf(v)}`)
      .join(', ')}}`;
  if (value instanceof PyFloat) {
    if (Number.isFinite(value.value)) return floatRepr(value.value);
    return Number.isNaN(value.value) ? 'NaN' : value.value > 0 ? 'Infinity' : '-Infinity';
  }
  return String(value);
}
