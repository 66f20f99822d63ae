import { RedisConnection, type RedisEndpoint, type RedisSettings } from './connection.ts';
import { refused } from './refused.ts';
import type { RedisReply } from './resp.ts';
import { HashScan, type HmgetTemplate, RedisReplyError } from './resp.ts';

/** Hashes to read: the i-th key with the i-th template. */
export interface HashBatch {
  readonly keys: readonly Buffer[];
  readonly templates: readonly HmgetTemplate[];
}

/** The values of a batch, in its order: value i begins at `index[2 i]` of `bytes`, `index[2 i + 1]` is its length, -1 for none. */
export interface HashValues {
  readonly bytes: Buffer;
  readonly index: readonly number[];
}

/** What serving needs of Redis, be it one node or a cluster. */
export interface OnlineStore {
  /** @throws {HttpError} ONLINE_STORE_UNAVAILABLE */
  read(batch: HashBatch): Promise<HashValues>;
  /**
   * A reply for each command; commands are given with the key they are about, and those of one key are carried out in order.
   *
   * @throws {HttpError} ONLINE_STORE_UNAVAILABLE, also where Redis refuses one of them: then its `RedisReplyError` is the cause
   */
  write(commands: readonly KeyedCommand[]): Promise<RedisReply[]>;
  readonly isReady: boolean;
  close(): void;
}

export interface KeyedCommand {
  readonly key: Buffer;
  readonly args: readonly (Buffer | string)[];
}

/** The commands of a batch, one after the other, and what will find the values in their replies. */
export function prepare({ keys, templates }: HashBatch): { commands: Buffer; scan: HashScan } {
  let size = 0;
  let total = 0;
  const sizes = new Array<number>(keys.length);
  for (let i = 0; i < keys.length; i += 1) {
    const template = templates[i]!;
    size += template.size(keys[i]!);
    sizes[i] = template.fieldCount;
    total += template.fieldCount;
  }
  const commands = Buffer.allocUnsafe(size);
  let at = 0;
  let last = 0;
  for (let i = 0; i < keys.length; i += 1) {
    const template = templates[i]!;
    const key = keys[i]!;
    const isAlike = i > 0 && template === templates[i - 1] && key.length === keys[i - 1]!.length;
    const from = at;
    at = isAlike ? template.writeNext(commands, last, at, key) : template.write(commands, at, key);
    last = from;
  }
  return { commands, scan: new HashScan(sizes, total) };
}

/** One Redis. Reads and writes have a connection each, so that a large push does not stand before a small read. */
export class SingleNode implements OnlineStore {
  readonly #reads: RedisConnection;
  readonly #writes: RedisConnection;

  constructor(endpoint: RedisEndpoint, settings: RedisSettings) {
    this.#reads = new RedisConnection(endpoint, settings);
    this.#writes = new RedisConnection(endpoint, settings);
  }

  /** Resolves when both connections were tried once. */
  async open(): Promise<void> {
    await Promise.all([this.#reads.open(), this.#writes.open()]);
  }

  get isReady(): boolean {
    return this.#reads.isReady;
  }

  read(batch: HashBatch): Promise<HashValues> {
    if (batch.keys.length === 0) return Promise.resolve(NOTHING);
    const { commands, scan } = prepare(batch);
    return this.#reads.scan(commands, scan);
  }

  async write(commands: readonly KeyedCommand[]): Promise<RedisReply[]> {
    return taken(await this.#writes.commands(commands.map(({ args }) => args)));
  }

  close(): void {
    this.#reads.close();
    this.#writes.close();
  }
}

export const NOTHING: HashValues = { bytes: Buffer.alloc(0), index: [] };

/** The replies, where none is a refusal. @throws {HttpError} ONLINE_STORE_UNAVAILABLE */
export function taken(replies: RedisReply[]): RedisReply[] {
  const refusal = replies.find((reply): reply is RedisReplyError => reply instanceof RedisReplyError);
  if (refusal) throw refused(refusal);
  return replies;
}
