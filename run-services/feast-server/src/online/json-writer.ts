import { finiteRepr } from '../python/numbers.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const INITIAL_BYTES = 65_536;
/** A buffer that one huge answer made larger is not kept for the next. */
const KEPT_BYTES = 4_194_304;

/** What json.dumps(ensure_ascii=False) writes for the characters that it escapes. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const short = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' }[code];
  return short ?? (code < 32 ? `\\u${code.toString(16).padStart(4, '0')}` : undefined);
});

/**
 * Makes JSON text as bytes, as Starlette's JSONResponse would: no spaces, UTF-8, floats as Python prints them.
 *
 * Bytes, not strings: a string feature is UTF-8 in Redis and UTF-8 in the answer, and is copied once. One writer is used for all answers of a process,
 * so an answer is finished with `take` before anything else runs.
 */
export class JsonWriter {
  /** Only up to `length` is written. */
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  length = 0;

  /** Room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  /** The text since the last `take`, as a buffer of its own. */
  take(): Buffer {
    const result = Buffer.allocUnsafe(this.length);
    this.bytes.copy(result, 0, 0, this.length);
    this.reset();
    return result;
  }

  /** Forgets what was written. */
  reset(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  byte(code: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = code;
  }

  /** ASCII as it is. */
  ascii(text: string): void {
    const count = text.length;
    this.reserve(count);
    if (count > 24) {
      this.length += this.bytes.write(text, this.length, 'latin1');
      return;
    }
    // A call into C++ costs more than a few stores.
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < count; i += 1) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Bytes as they are. */
  raw(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** What was written from `start` to `end`, again. */
  repeat(start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.copyWithin(this.length, start, end);
    this.length += end - start;
  }

  /** A JSON string of text. */
  string(text: string): void {
    this.ascii('"');
    const encoded = Buffer.from(text);
    this.#escaped(encoded, 0, encoded.length);
    this.ascii('"');
  }

  /** A JSON string of UTF-8 bytes. */
  utf8(source: Uint8Array, start: number, end: number): void {
    // The quotes, and six bytes for a character where it is escaped.
    this.reserve((end - start) * 6 + 2);
    this.bytes[this.length++] = QUOTE;
    this.#escaped(source, start, end);
    this.byte(QUOTE);
  }

  #escaped(source: Uint8Array, start: number, end: number): void {
    this.reserve((end - start) * 6);
    const { bytes } = this;
    let at = this.length;
    for (let i = start; i < end; i += 1) {
      const code = source[i]!;
      if (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) {
        bytes[at++] = code;
        continue;
      }
      const sequence = ESCAPES[code]!;
      for (let j = 0; j < sequence.length; j += 1) bytes[at++] = sequence.charCodeAt(j);
    }
    this.length = at;
  }

  /** An integer that is exact as a number. */
  integer(value: number): void {
    if (value < 0) {
      this.byte(0x2d);
      value = -value;
    }
    if (value >= 1e9) {
      this.ascii(String(value));
      return;
    }
    this.reserve(10);
    let digits = 1;
    for (let bound = 10; bound <= value; bound *= 10) digits += 1;
    const { bytes } = this;
    for (let at = this.length + digits - 1; at >= this.length; at -= 1) {
      const rest = (value / 10) | 0;
      bytes[at] = 0x30 + value - rest * 10;
      value = rest;
    }
    this.length += digits;
  }

  /** A Python float; what is not finite becomes a string, as protobuf's JSON has it. */
  float(value: number): void {
    if (Number.isFinite(value)) this.ascii(finiteRepr(value));
    else if (Number.isNaN(value)) this.ascii('"NaN"');
    else this.ascii(value > 0 ? '"Infinity"' : '"-Infinity"');
  }

  base64(source: Buffer, start: number, end: number): void {
    this.byte(QUOTE);
    this.ascii(source.toString('base64', start, end));
    this.byte(QUOTE);
  }
}
