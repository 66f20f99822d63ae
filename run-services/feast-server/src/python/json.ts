import { isUtf8 } from 'node:buffer';

/** A number that was written with a fraction or an exponent, or is not finite: a Python `float`, which is never an `int`, whatever its value. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** What Python's `json.loads` makes of a text: `int` is a number where that is exact, else a bigint. */
export type PyValue = null | boolean | string | number | bigint | PyFloat | PyValue[] | PyObject;
export type PyObject = { [key: string]: PyValue };

/** Python's `json.JSONDecodeError`. */
export class JsonDecodeError extends Error {
  /** In code points from the start, as Python counts. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.name = 'JsonDecodeError';
    this.position = position;
  }
}

/** Python's `UnicodeDecodeError`. */
export class NotUtf8Error extends Error {
  constructor() {
    super('the body is not UTF-8');
    this.name = 'NotUtf8Error';
  }
}

/**
 * Something in the text that `JSON.parse` would read otherwise than Python: a fraction or an exponent (1.0 is no int), an integer of 16 digits or more
 * (beyond 2^53), or a zero with a sign. Found in a string too, which only costs the time of the careful parser.
 */
const NEEDS_CARE = /\d[.eE]|\d{16}|-0/;

/**
 * Reads a request's body as Python's `json.loads` does.
 *
 * @throws {JsonDecodeError} where Python would raise its own, with the same message and position.
 * @throws {NotUtf8Error}
 */
export function loads(body: Buffer): PyValue {
  if (!isUtf8(body)) throw new NotUtf8Error();
  const start = body.length >= 3 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const text = body.toString('utf8', start);
  if (!NEEDS_CARE.test(text)) {
    try {
      return JSON.parse(text) as PyValue;
    } catch {
      // NaN and Infinity, which Python takes; or a fault, whose place and name only the careful parser knows.
    }
  }
  return new Parser(text).document();
}

const NUMBER = /(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const CONSTANTS: readonly (readonly [string, PyValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', new PyFloat(Number.NaN)],
  ['Infinity', new PyFloat(Number.POSITIVE_INFINITY)],
  ['-Infinity', new PyFloat(Number.NEGATIVE_INFINITY)],
];

/** https://github.com/python/cpython/blob/3.13/Lib/json/decoder.py, and scanner.py: the same steps, so the same errors. */
class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): PyValue {
    this.#space();
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('Extra data');
    return value;
  }

  #fail(message: string, at = this.#at): never {
    // Python's positions are in code points, ours in UTF-16 units.
    throw new JsonDecodeError(message, [...this.#text.slice(0, at)].length);
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return;
      this.#at += 1;
    }
  }

  #value(): PyValue {
    const next = this.#text[this.#at];
    if (next === '"') return this.#string();
    if (next === '{') return this.#object();
    if (next === '[') return this.#array();
    for (const [word, value] of CONSTANTS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (!match) this.#fail('Expecting value');
    this.#at = NUMBER.lastIndex;
    const [whole, integer, fraction, exponent] = match as unknown as [string, string, string?, string?];
    if (fraction !== undefined || exponent !== undefined) return new PyFloat(Number(whole));
    const small = Number(integer);
    // Python has no negative zero among its ints.
    return Number.isSafeInteger(small) ? small + 0 : BigInt(integer);
  }

  #array(): PyValue {
    const items: PyValue[] = [];
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at += 1;
      return items;
    }
    for (;;) {
      items.push(this.#value());
      this.#space();
      const next = this.#text[this.#at];
      if (next === ']') {
        this.#at += 1;
        return items;
      }
      if (next !== ',') this.#fail("Expecting ',' delimiter");
      const comma = this.#at;
      this.#at += 1;
      this.#space();
      if (this.#text[this.#at] === ']') this.#fail('Illegal trailing comma before end of array', comma);
    }
  }

  #object(): PyValue {
    const entries: [string, PyValue][] = [];
    this.#at += 1;
    this.#space();
    if (this.#text[this.#at] === '}') {
      this.#at += 1;
      return {};
    }
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#fail('Expecting property name enclosed in double quotes');
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ':') this.#fail("Expecting ':' delimiter");
      this.#at += 1;
      this.#space();
      entries.push([key, this.#value()]);
      this.#space();
      const next = this.#text[this.#at];
      if (next === '}') {
        this.#at += 1;
        // As JSON.parse, and unlike assignment, this makes `__proto__` a member like any other.
        return Object.fromEntries(entries);
      }
      if (next !== ',') this.#fail("Expecting ',' delimiter");
      const comma = this.#at;
      this.#at += 1;
      this.#space();
      if (this.#text[this.#at] === '}') this.#fail('Illegal trailing comma before end of object', comma);
    }
  }

  #string(): string {
    const begin = this.#at;
    this.#at += 1;
    let result = '';
    for (;;) {
      let end = this.#at;
      while (end < this.#text.length) {
        const code = this.#text.charCodeAt(end);
        if (code === 0x22 || code === 0x5c || code < 0x20) break;
        end += 1;
      }
      result += this.#text.slice(this.#at, end);
      this.#at = end;
      const next = this.#text[end];
      if (next === undefined) this.#fail('Unterminated string starting at', begin);
      if (next === '"') {
        this.#at += 1;
        return result;
      }
      if (next !== '\\') this.#fail('Invalid control character at');
      result += this.#escape(begin);
    }
  }

  #escape(begin: number): string {
    const letter = this.#text[this.#at + 1];
    if (letter === undefined) this.#fail('Unterminated string starting at', begin);
    if (letter !== 'u') {
      const plain = ESCAPES[letter];
      if (plain === undefined) this.#fail('Invalid \\escape');
      this.#at += 2;
      return plain;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('Invalid \\uXXXX escape', this.#at + 1);
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
}
