/** Reads protobuf's wire format in place. One cursor is used for all reads of a process; nothing in it is kept between two. */
export class WireCursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** Upper and lower half of the last 64-bit varint, unsigned. */
  high = 0;
  low = 0;

  /** @throws {WireError} */
  varint32(): number {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      this.at = at;
      return byte;
    }
    let value = byte & 0x7f;
    for (let shift = 7; shift < 32; shift += 7) {
      byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return value >>> 0;
      }
    }
    // Ten bytes of a negative number; what is above 32 bits is not asked for.
    while (bytes[at++]! >= 0x80);
    this.at = at;
    if (at > bytes.length) throw new WireError();
    return value >>> 0;
  }

  /** Into `high` and `low`. */
  varint64(): void {
    const { bytes } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    let byte = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      byte = bytes[at++]!;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#took(at, 0, low >>> 0);
        return;
      }
    }
    byte = bytes[at++]!;
    low |= (byte & 0x7f) << 28;
    high = (byte & 0x7f) >> 4;
    for (let shift = 3; byte >= 0x80 && shift < 32; shift += 7) {
      byte = bytes[at++]!;
      high |= (byte & 0x7f) << shift;
    }
    this.#took(at, high >>> 0, low >>> 0);
  }

  #took(at: number, high: number, low: number): void {
    if (at > this.bytes.length) throw new WireError();
    this.at = at;
    this.high = high;
    this.low = low;
  }

  /** Past a field of no interest. */
  skip(wireType: number): void {
    if (wireType === 0) this.varint64();
    else if (wireType === 1) this.at += 8;
    else if (wireType === 2) {
      const length = this.varint32();
      this.at += length;
    } else if (wireType === 5) this.at += 4;
    else throw new WireError();
    if (this.at > this.bytes.length) throw new WireError();
  }
}

/** Bytes that are no message: cut off, or something else that lies under the key. */
export class WireError extends Error {
  constructor() {
    super('the bytes are no protobuf message of this kind');
    this.name = 'WireError';
  }
}
