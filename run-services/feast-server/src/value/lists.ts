import { PyFault } from '../python/fault.ts';
import { PyFloat, type PyValue } from '../python/json.ts';
import { floatRepr } from '../python/numbers.ts';
import { ValueType, type ValueTypeNumber } from '../registry/value-type.ts';
import type { FeastValue, ValueData } from './feast-value.ts';
import { int32, int64, toBool, toReal } from './from-python.ts';
import { MIN_INT64, typeName } from './python-type.ts';

interface ListKind {
  /** What an item may be, by Python's own name; the first is the one that messages name. */
  readonly items: readonly string[];
  readonly named: string;
  /** In the place of a None. */
  readonly none: PyValue;
  readonly convert: (item: PyValue) => ValueData;
}

const text = (item: PyValue): ValueData => {
  if (typeof item === 'string') return item;
  throw new PyFault('TypeError', 'bad argument type for built-in operation');
};
const whole = (item: PyValue): number | bigint => {
  if (typeof item === 'number' || typeof item === 'bigint') return item;
  if (typeof item === 'boolean') return item ? 1 : 0;
  throw new PyFault('TypeError', `'${typeName(item)}' object cannot be interpreted as an integer`);
};

/** feast/type_map.py PYTHON_LIST_VALUE_TYPE_TO_PROTO_VALUE */
const KINDS: Readonly<Record<number, ListKind>> = {
  [ValueType.FLOAT_LIST]: {
    items: ['float'],
    named: 'numpy.float32',
    none: new PyFloat(0),
    convert: (it) => Math.fround(toReal(it)),
  },
  [ValueType.DOUBLE_LIST]: { items: ['float'], named: 'numpy.float64', none: new PyFloat(0), convert: toReal },
  [ValueType.INT32_LIST]: { items: ['int'], named: 'numpy.int64', none: 0, convert: (it) => int32(whole(it)) },
  [ValueType.INT64_LIST]: { items: ['int'], named: 'numpy.int64', none: 0, convert: (it) => int64(whole(it)) },
  [ValueType.UNIX_TIMESTAMP_LIST]: {
    items: ['int'],
    named: 'numpy.datetime64',
    none: MIN_INT64,
    convert: (it) => int64(whole(it)),
  },
  [ValueType.STRING_LIST]: { items: ['str'], named: 'numpy.str_', none: '', convert: text },
  [ValueType.BOOL_LIST]: { items: ['bool'], named: 'numpy.bool', none: false, convert: toTruth },
  [ValueType.UUID_LIST]: { items: ['str'], named: 'numpy.str_', none: '', convert: text },
  [ValueType.TIME_UUID_LIST]: { items: ['str'], named: 'numpy.str_', none: '', convert: text },
  [ValueType.DECIMAL_LIST]: { items: ['str'], named: 'numpy.str_', none: '', convert: text },
};

/** Python's `bool(item)`. */
function toTruth(item: PyValue): boolean {
  if (item instanceof PyFloat) return item.value !== 0;
  return typeof item === 'string' ? item !== '' : toBool(item);
}

export const isListType = (type: ValueTypeNumber): boolean => KINDS[type] !== undefined;

/** The list type of an item's type: each is seven or ten above, or the like; by name, as Feast does it. */
export function listOf(type: ValueTypeNumber): ValueTypeNumber {
  const name = Object.entries(ValueType).find(([, number]) => number === type)?.[0];
  return (ValueType as Readonly<Record<string, number>>)[`${name}_LIST`] ?? ValueType.UNKNOWN;
}

/**
 * feast/type_map.py `_convert_list_values_to_proto`.
 *
 * @param sample the first value that is not empty, whose items' types are checked; those of others are not
 * @throws {PyFault}
 */
export function toList(
  values: readonly PyValue[],
  type: ValueTypeNumber,
  sample: PyValue | undefined,
): (FeastValue | undefined)[] {
  const kind = KINDS[type]!;
  if (sample !== undefined) {
    for (const item of iterate(sample, 'Value must be iterable')) {
      if (item !== null && !kind.items.includes(typeName(item))) {
        throw new PyFault(
          'TypeError',
          `Value "${item instanceof PyFloat ? floatRepr(item.value) : String(item)}" is of type <class '${typeName(item)}'> not of type <class '${kind.named}'>`,
        );
      }
    }
  }
  return values.map((value) => {
    if (value === null) return undefined;
    const items = iterate(
      value,
      type === ValueType.BOOL_LIST ? `'${typeName(value)}' object is not iterable` : 'Value must be iterable',
    );
    return { type, data: items.map((item) => kind.convert(item === null ? kind.none : item)) };
  });
}

function iterate(value: PyValue, fault: string): readonly PyValue[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  if (typeof value === 'object' && value !== null && !(value instanceof PyFloat)) return Object.keys(value);
  throw new PyFault('TypeError', fault);
}
