/** MurmurHash3 x86 32 with seed 0, of UTF-8: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp (public domain). */
export function murmur3(text: string): number {
  const bytes = Buffer.from(text);
  const blocks = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < blocks; at += 4) {
    hash ^= mixed(bytes.readInt32LE(at));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= blocks; at -= 1) tail = (tail << 8) | bytes[at]!;
  if (blocks < bytes.length) hash ^= mixed(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixed(block: number): number {
  const turned = Math.imul(block, 0xcc9e2d51);
  return Math.imul((turned << 15) | (turned >>> 17), 0x1b873593);
}

/** The field of a hash that holds a feature: Feast's `_mmh3("view:feature")`, four bytes little-endian (feast/infra/online_stores/helpers.py). */
export function featureField(view: string, feature: string): Buffer {
  const field = Buffer.allocUnsafe(4);
  field.writeUInt32LE(murmur3(`${view}:${feature}`));
  return field;
}

/** The field that holds the event time of a view's row, a google.protobuf.Timestamp. */
export function timestampField(view: string): Buffer {
  return Buffer.from(`_ts:${view}`);
}
