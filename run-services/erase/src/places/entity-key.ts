/** A join key and its value as text. */
export interface JoinKey {
  readonly name: string;
  readonly value: string;
}

/** feast.types.ValueType: https://github.com/feast-dev/feast/blob/v0.67.0/protos/feast/types/Value.proto */
const [BYTES, STRING, INT32, INT64, UNIX_TIMESTAMP] = [1, 2, 3, 4, 8];

class NoEntityKey extends Error {}

/**
 * What entity a key of Feast's Redis store is (entity_key_serialization_version 3): the number of join keys, their names, their values, then the project's name.
 * All integers are little-endian; names and values have type and length before them.
 *
 * @returns undefined where the key is of another kind
 */
export function entityOf(key: Buffer): readonly JoinKey[] | undefined {
  let at = 0;
  const bytes = (length: number): Buffer => {
    if (at + length > key.length) throw new NoEntityKey();
    at += length;
    return key.subarray(at - length, at);
  };
  const integer = (): number => bytes(4).readUInt32LE();
  try {
    const count = integer();
    if (count === 0 || count > 100) return undefined;
    const names = Array.from({ length: count }, () => {
      if (integer() !== STRING) throw new NoEntityKey();
      return bytes(integer()).toString('utf8');
    });
    return names.map((name) => {
      const type = integer();
      return { name, value: textOf(type, bytes(integer())) };
    });
  } catch (error) {
    if (error instanceof NoEntityKey) return undefined;
    throw error;
  }
}

function textOf(type: number, value: Buffer): string {
  switch (type) {
    case INT32:
      if (value.length !== 4) throw new NoEntityKey();
      return String(value.readInt32LE());
    case INT64:
    case UNIX_TIMESTAMP:
      if (value.length !== 8) throw new NoEntityKey();
      return String(value.readBigInt64LE());
    case STRING:
      return value.toString('utf8');
    case BYTES:
      return value.toString('base64');
    default:
      throw new NoEntityKey();
  }
}
