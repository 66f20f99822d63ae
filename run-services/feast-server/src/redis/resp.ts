/** RESP2, https://redis.io/docs/latest/develop/reference/protocol-spec/: commands out, and the two shapes of replies in. */

const CR = 0x0d;
const MINUS = 0x2d;
const STAR = 0x2a;
const DOLLAR = 0x24;

/** Redis said no to one command; the text is its own. */
export class RedisReplyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RedisReplyError';
  }
}

/** What came is not RESP, or not the reply that was asked for: the connection cannot be used further. */
export class RedisProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RedisProtocolError';
  }
}

export type RedisReply = Buffer | number | null | string | RedisReplyError | RedisReply[];

/** One command. */
export function encodeCommand(args: readonly (Buffer | string)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = typeof arg === 'string' ? Buffer.from(arg) : arg;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

const CRLF = Buffer.from('\r\n');

/** HMGET of one set of fields, made ready once: only the key differs between two. */
export class HmgetTemplate {
  readonly fieldCount: number;
  readonly #head: Buffer;
  readonly #tail: Buffer;
  /** The decimal length of the last key, which most keys have. */
  #lengthText = '';
  #lengthOf = -1;

  constructor(fields: readonly Buffer[]) {
    this.fieldCount = fields.length;
    this.#head = Buffer.from(`*${fields.length + 2}\r\n$5\r\nHMGET\r\n$`);
    this.#tail = Buffer.concat([
      CRLF,
      ...fields.flatMap((field) => [Buffer.from(`$${field.length}\r\n`), field, CRLF]),
    ]);
  }

  size(key: Buffer): number {
    return this.#head.length + this.#textOf(key.length).length + 2 + key.length + this.#tail.length;
  }

  /** @returns where the next command begins. */
  write(into: Buffer, at: number, key: Buffer): number {
    const text = this.#textOf(key.length);
    into.set(this.#head, at);
    at += this.#head.length;
    for (let i = 0; i < text.length; i += 1) into[at++] = text.charCodeAt(i);
    into[at++] = CR;
    into[at++] = 0x0a;
    at = put(into, at, key);
    into.set(this.#tail, at);
    return at + this.#tail.length;
  }

  /**
   * The same where `write` wrote one from `from` to `at` for a key as long: that one is copied, and only the key in it is another.
   *
   * @returns where the next command begins.
   */
  writeNext(into: Buffer, from: number, at: number, key: Buffer): number {
    into.copyWithin(at, from, at);
    put(into, at + this.#head.length + this.#textOf(key.length).length + 2, key);
    return at + (at - from);
  }

  #textOf(length: number): string {
    if (length !== this.#lengthOf) {
      this.#lengthOf = length;
      this.#lengthText = String(length);
    }
    return this.#lengthText;
  }
}

/** A key's bytes: so few that a loop is faster than a call out of JavaScript. */
function put(into: Buffer, at: number, key: Buffer): number {
  for (let i = 0; i < key.length; i += 1) into[at++] = key[i]!;
  return at;
}

/** Where the number at `at` ends (its CR), or -1 where the bytes end first. */
function lineEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end) {
    if (bytes[at] === CR) return at + 1 < end ? at : -1;
    at += 1;
  }
  return -1;
}

function integerAt(bytes: Buffer, at: number, stop: number): number {
  let sign = 1;
  if (bytes[at] === MINUS) {
    sign = -1;
    at += 1;
  }
  if (at === stop) throw new RedisProtocolError('a length without digits');
  let value = 0;
  for (; at < stop; at += 1) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) throw new RedisProtocolError('a length that is no number');
    value = value * 10 + digit;
  }
  return sign * value;
}

/**
 * Finds the values of pipelined HMGET replies in place: for the i-th value, `index[2 i]` is where it begins in `bytes` and `index[2 i + 1]` its length, -1 for none.
 * Bytes may come in any pieces; what was found is kept, so nothing is read twice.
 */
export class HashScan {
  /** A plain array: one is made for each request, and typed ones have their memory outside the heap, which costs ten times as much. */
  readonly index: number[];
  /** The reply's bytes, when done. */
  bytes: Buffer = Buffer.alloc(0);
  /** What Redis said instead of one of the replies. */
  refusal: RedisReplyError | undefined;
  #found = 0;
  #replies: number;
  /** Values still missing of the reply at hand. */
  #open = 0;
  readonly #sizes: readonly number[];
  #reply = 0;

  /** @param sizes how many values each reply has. */
  constructor(sizes: readonly number[], total: number) {
    this.#sizes = sizes;
    this.#replies = sizes.length;
    this.index = new Array<number>(total * 2).fill(0);
  }

  /**
   * @param from where to go on; positions are relative to `base`
   * @returns where to go on next time; `done` says whether there will be one
   */
  scan(bytes: Buffer, base: number, from: number, end: number): number {
    let at = from;
    for (;;) {
      if (this.#open === 0) {
        if (this.#reply === this.#replies) return at;
        const stop = lineEnd(bytes, at, end);
        if (stop < 0) return at;
        const size = this.#sizes[this.#reply]!;
        if (bytes[at] === STAR) {
          if (integerAt(bytes, at + 1, stop) !== size) throw new RedisProtocolError('a reply of another length');
          this.#open = size;
        } else if (bytes[at] === MINUS) {
          this.refusal ??= new RedisReplyError(bytes.toString('latin1', at + 1, stop));
          for (let i = 0; i < size; i += 1) this.#none();
        } else throw new RedisProtocolError('something else than a list');
        this.#reply += 1;
        at = stop + 2;
        continue;
      }
      const stop = lineEnd(bytes, at, end);
      if (stop < 0) return at;
      if (bytes[at] !== DOLLAR) throw new RedisProtocolError('something else than a value');
      const length = integerAt(bytes, at + 1, stop);
      if (length < 0) {
        this.#none();
        at = stop + 2;
      } else {
        const next = stop + 2 + length + 2;
        if (next > end) return at;
        this.index[this.#found] = stop + 2 - base;
        this.index[this.#found + 1] = length;
        this.#found += 2;
        at = next;
      }
      this.#open -= 1;
    }
  }

  #none(): void {
    this.index[this.#found + 1] = -1;
    this.#found += 2;
  }

  get done(): boolean {
    return this.#open === 0 && this.#reply === this.#replies;
  }
}

/** A whole reply of any kind and where it ends; undefined where the bytes end first. Not for the hot path. */
export function parseReply(bytes: Buffer, at: number, end: number): { value: RedisReply; next: number } | undefined {
  const stop = lineEnd(bytes, at, end);
  if (stop < 0) return undefined;
  const next = stop + 2;
  switch (bytes[at]) {
    case 0x2b:
      return { value: bytes.toString('utf8', at + 1, stop), next };
    case MINUS:
      return { value: new RedisReplyError(bytes.toString('utf8', at + 1, stop)), next };
    case 0x3a:
      return { value: integerAt(bytes, at + 1, stop), next };
    case DOLLAR: {
      const length = integerAt(bytes, at + 1, stop);
      if (length < 0) return { value: null, next };
      if (next + length + 2 > end) return undefined;
      return { value: Buffer.from(bytes.subarray(next, next + length)), next: next + length + 2 };
    }
    case STAR: {
      const count = integerAt(bytes, at + 1, stop);
      if (count < 0) return { value: null, next };
      const items: RedisReply[] = [];
      let from = next;
      for (let i = 0; i < count; i += 1) {
        const item = parseReply(bytes, from, end);
        if (!item) return undefined;
        items.push(item.value);
        from = item.next;
      }
      return { value: items, next: from };
    }
    default:
      throw new RedisProtocolError('not a reply');
  }
}
