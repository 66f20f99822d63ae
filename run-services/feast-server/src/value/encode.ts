import { ValueType } from '../registry/value-type.ts';
import { type FeastValue, isMap, type ValueData } from './feast-value.ts';

const NOTHING = Buffer.alloc(0);

/** The bytes of a feast.types.Value as protobuf's own libraries write them; none for the empty Value. */
export function encodeValue(value: FeastValue | undefined): Buffer {
  if (value === undefined) return NOTHING;
  const { type, data } = value;
  switch (type) {
    case ValueType.DOUBLE:
      return Buffer.concat([tag(type, 1), double(data as number)]);
    case ValueType.FLOAT:
      return Buffer.concat([tag(type, 5), float(data as number)]);
    case ValueType.INT32:
    case ValueType.INT64:
    case ValueType.UNIX_TIMESTAMP:
      return Buffer.concat([tag(type, 0), varint(data as number | bigint)]);
    case ValueType.BOOL:
      return Buffer.concat([tag(type, 0), varint(data === true ? 1 : 0)]);
  }
  return delimited(type, payload(type, data));
}

function payload(type: number, data: ValueData): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (Buffer.isBuffer(data)) return data;
  if (isMap(data)) {
    const entries = data.entries.map(([key, value]) =>
      // Map entries always have both members, be they empty.
      delimited(1, Buffer.concat([delimited(1, Buffer.from(key)), delimited(2, encodeValue(value))])),
    );
    return Buffer.concat(entries);
  }
  const items = data as readonly ValueData[];
  const packed = PACKED[type];
  // An empty packed field is left out, and so is the message's only content.
  if (packed)
    return items.length === 0 ? NOTHING : delimited(1, Buffer.concat(items.map((item) => packed(item as never))));
  return Buffer.concat(items.map((item) => delimited(1, payload(ValueType.UNKNOWN, item))));
}

const PACKED: Readonly<Record<number, (item: never) => Buffer>> = {
  [ValueType.INT32_LIST]: varint,
  [ValueType.INT64_LIST]: varint,
  [ValueType.UNIX_TIMESTAMP_LIST]: varint,
  [ValueType.DOUBLE_LIST]: double,
  [ValueType.FLOAT_LIST]: float,
  [ValueType.BOOL_LIST]: (item: boolean) => varint(item ? 1 : 0),
} as Readonly<Record<number, (item: never) => Buffer>>;

function delimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([tag(field, 2), varint(content.length), content]);
}

const tag = (field: number, wireType: number): Buffer => varint((field << 3) | wireType);

/** Negative numbers take ten bytes, as int32 and int64 fields write them. */
export function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function double(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeFloatLE(value);
  return bytes;
}

/** A google.protobuf.Timestamp; members that are zero are left out. */
export function encodeTimestamp(seconds: number, nanos: number): Buffer {
  const parts: Buffer[] = [];
  if (seconds !== 0) parts.push(tag(1, 0), varint(seconds));
  if (nanos !== 0) parts.push(tag(2, 0), varint(nanos));
  return Buffer.concat(parts);
}
