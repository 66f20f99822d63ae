import { PyFault } from '../python/fault.ts';
import { finiteRepr } from '../python/numbers.ts';
import type { KeyPart } from '../redis/entity-key.ts';
import { ValueType } from '../registry/value-type.ts';
import type { FeastValue } from './feast-value.ts';

/** What of a value goes into a key of Redis: feast/infra/key_encoding_utils.py `_serialize_val`. @throws {PyFault} for a type that no key can have */
export function toKeyPart(value: FeastValue): KeyPart {
  const { type, data } = value;
  switch (type) {
    case ValueType.STRING:
      return { type, bytes: Buffer.from(data as string) };
    case ValueType.BYTES:
      return { type, bytes: data as Buffer };
    case ValueType.INT32: {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeInt32LE(data as number);
      return { type, bytes };
    }
    case ValueType.INT64:
    case ValueType.UNIX_TIMESTAMP:
      return { type, bytes: int64Bytes(data as number | bigint) };
  }
  throw new PyFault('ValueError', `Value type not supported for feast feature store: ${textFormat(value)}`);
}

function int64Bytes(value: number | bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  if (typeof value === 'bigint') bytes.writeBigInt64LE(value);
  else {
    // Much faster than by way of a bigint, and keys are nearly always such numbers.
    bytes.writeInt32LE(value | 0);
    bytes.writeInt32LE(Math.floor(value / 0x100000000) | 0, 4);
  }
  return bytes;
}

/** protobuf's text of a scalar, as the message has it. */
function textFormat({ type, data }: FeastValue): string {
  if (type === ValueType.BOOL) return `bool_val: ${data}\n`;
  const name = type === ValueType.FLOAT ? 'float_val' : 'double_val';
  if (typeof data !== 'number') return '';
  if (!Number.isFinite(data)) return `${name}: ${Number.isNaN(data) ? 'nan' : data > 0 ? 'inf' : '-inf'}\n`;
  return `${name}: ${finiteRepr(data).replace(/\.0$/, '')}\n`;
}
