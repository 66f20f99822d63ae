import type { JsonWriter } from '../online/json-writer.ts';
import { ValueType, type ValueTypeNumber } from '../registry/value-type.ts';

/** A feast.types.Value that came from a request: the member of its oneof, and what is in it. Undefined is the empty Value, Feast's null. */
export interface FeastValue {
  /** The number of the type is the number of the field. */
  readonly type: ValueTypeNumber;
  readonly data: ValueData;
}

/** Integers are numbers where that is exact, else bigints. A map is its entries. */
export type ValueData = number | bigint | string | boolean | Buffer | readonly ValueData[] | ValueMap;

export interface ValueMap {
  readonly entries: readonly (readonly [key: string, value: FeastValue | undefined])[];
}

const FLOATS: ReadonlySet<number> = new Set([
  ValueType.DOUBLE,
  ValueType.FLOAT,
  ValueType.DOUBLE_LIST,
  ValueType.FLOAT_LIST,
  ValueType.DOUBLE_SET,
  ValueType.FLOAT_SET,
]);

/** The JSON that Feast answers with for a value. */
export function writeFeastValue(out: JsonWriter, value: FeastValue | undefined): void {
  if (value === undefined) out.ascii('null');
  else writeData(out, value.data, FLOATS.has(value.type));
}

function writeData(out: JsonWriter, data: ValueData, float: boolean): void {
  if (typeof data === 'number') {
    if (float) out.float(data);
    else out.integer(data);
  } else if (typeof data === 'string') out.string(data);
  else if (typeof data === 'bigint' || typeof data === 'boolean') out.ascii(String(data));
  else if (Buffer.isBuffer(data)) out.base64(data, 0, data.length);
  else if (isMap(data)) writeMap(out, data);
  else {
    out.ascii('[');
    data.forEach((item, index) => {
      if (index > 0) out.ascii(',');
      writeData(out, item, float);
    });
    out.ascii(']');
  }
}

function writeMap(out: JsonWriter, { entries }: ValueMap): void {
  out.ascii('{');
  entries.forEach(([key, value], index) => {
    if (index > 0) out.ascii(',');
    out.string(key);
    out.ascii(':');
    writeFeastValue(out, value);
  });
  out.ascii('}');
}

export function isMap(data: ValueData): data is ValueMap {
  return typeof data === 'object' && 'entries' in data && !Array.isArray(data) && !Buffer.isBuffer(data);
}
