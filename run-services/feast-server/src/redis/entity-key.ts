import { ValueType } from '../registry/value-type.ts';

/** A join key's value as it stands in a key of Redis: its type and its bytes. */
export interface KeyPart {
  readonly type: number;
  readonly bytes: Buffer;
}

/**
 * Builds the keys of one set of join keys: Feast's `serialize_entity_key` in version 3, followed by the project (feast/infra/key_encoding_utils.py).
 *
 * u32le count, then for each join key in order of code points: u32le 2 (STRING), u32le length, UTF-8; then for each value: u32le type, u32le length, bytes.
 */
export class EntityKeyEncoder {
  /** Where in the caller's list each join key is, in the order of the key. */
  readonly #order: readonly number[];
  readonly #head: Buffer;
  readonly #tail: Buffer;

  constructor(joinKeys: readonly string[], project: string) {
    const encoded = joinKeys.map((key) => Buffer.from(key));
    // UTF-8 sorts as code points do, which is how Python sorts strings; JavaScript's own order is another beyond the basic plane.
    this.#order = encoded.map((_, index) => index).sort((a, b) => Buffer.compare(encoded[a]!, encoded[b]!));
    this.#head = Buffer.concat([
      u32(joinKeys.length),
      ...this.#order.flatMap((at) => [u32(ValueType.STRING), u32(encoded[at]!.length), encoded[at]!]),
    ]);
    this.#tail = Buffer.from(project);
  }

  /** @param values in the order of the join keys that were given */
  encode(values: readonly KeyPart[]): Buffer {
    let length = this.#head.length + this.#tail.length;
    for (const value of values) length += 8 + value.bytes.length;
    const key = Buffer.allocUnsafe(length);
    let at = this.#head.copy(key);
    for (const index of this.#order) {
      const { type, bytes } = values[index]!;
      at = key.writeUInt32LE(type, at);
      at = key.writeUInt32LE(bytes.length, at);
      at += bytes.copy(key, at);
    }
    this.#tail.copy(key, at);
    return key;
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
