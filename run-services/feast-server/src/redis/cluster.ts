import { unavailable } from '../http/errors.ts';
import { RedisConnection, type RedisEndpoint, type RedisSettings } from './connection.ts';
import { refused } from './refused.ts';
import { type RedisReply, RedisReplyError } from './resp.ts';
import { SLOTS, slotOf } from './slots.ts';
import {
  type HashBatch,
  type HashValues,
  type KeyedCommand,
  NOTHING,
  type OnlineStore,
  prepare,
  taken,
} from './store.ts';

/** How often a command follows a slot that moves while it is under way. */
const MAX_MOVES = 3;
/** Two looks at the slots are at least so far apart, in milliseconds, however many commands find out that one has moved. */
const LOOK_AGAIN_MS = 100;

/**
 * A Redis Cluster: each key is read and written at the node that has its slot.
 *
 * Slots are learnt by CLUSTER SLOTS, and learnt again when a node says MOVED or is gone. ASK, of a slot on its way, is treated as MOVED: by the time the
 * new map is in, the slot has arrived, or the command is tried again.
 */
export class Cluster implements OnlineStore {
  readonly #seed: RedisEndpoint;
  readonly #settings: RedisSettings;
  readonly #nodes = new Map<string, Node>();
  #owners: (Node | undefined)[] = new Array(SLOTS).fill(undefined);
  #looking: Promise<void> | undefined;
  #lookedAt = 0;
  #isClosed = false;

  constructor(seed: RedisEndpoint, settings: RedisSettings) {
    this.#seed = seed;
    this.#settings = { ...settings, db: undefined };
  }

  async open(): Promise<void> {
    await this.#node(this.#seed).open();
    // A cluster that is away now is looked for again with the first request.
    await this.#look().catch(() => undefined);
  }

  get isReady(): boolean {
    return this.#owners.some((node) => node?.reads.isReady);
  }

  close(): void {
    this.#isClosed = true;
    for (const node of this.#nodes.values()) node.close();
  }

  async read(batch: HashBatch): Promise<HashValues> {
    if (batch.keys.length === 0) return NOTHING;
    return this.#following(() => this.#readOnce(batch));
  }

  async #readOnce({ keys, templates }: HashBatch): Promise<HashValues> {
    const parts = await this.#byNode(keys.map((key, at) => ({ key, at })));
    const read = await Promise.all(
      parts.map(async ({ node, items }) => {
        const { commands, scan } = prepare({
          keys: items.map(({ key }) => key),
          templates: items.map(({ at }) => templates[at]!),
        });
        return { scan: await node.reads.scan(commands, scan), items };
      }),
    );
    // One node had all: nothing to put together.
    if (read.length === 1) return read[0]!.scan;
    const starts: number[] = [];
    let total = 0;
    for (const { fieldCount } of templates) {
      starts.push(total);
      total += fieldCount;
    }
    const index = new Array<number>(total * 2);
    let base = 0;
    for (const { scan, items } of read) {
      let from = 0;
      for (const { at } of items) {
        const count = templates[at]!.fieldCount * 2;
        for (let i = 0; i < count; i += 2) {
          index[starts[at]! * 2 + i] = scan.index[from + i]! + base;
          index[starts[at]! * 2 + i + 1] = scan.index[from + i + 1]!;
        }
        from += count;
      }
      base += scan.bytes.length;
    }
    return { bytes: Buffer.concat(read.map(({ scan }) => scan.bytes)), index };
  }

  async write(commands: readonly KeyedCommand[]): Promise<RedisReply[]> {
    if (commands.length === 0) return [];
    return this.#following(async () => {
      const replies: RedisReply[] = [];
      const parts = await this.#byNode(commands.map(({ key, args }, at) => ({ key, args, at })));
      await Promise.all(
        parts.map(async ({ node, items }) => {
          const own = await node.writes.commands(items.map(({ args }) => args));
          items.forEach(({ at }, i) => {
            replies[at] = own[i]!;
          });
        }),
      );
      return taken(replies);
    });
  }

  /** Does it again where a slot has moved, or its node is gone: what is done here may be done twice. */
  async #following<T>(attempt: () => Promise<T>): Promise<T> {
    for (let move = 0; ; move += 1) {
      try {
        return await attempt();
      } catch (error) {
        const { cause } = error as Error;
        const isMoved = cause instanceof RedisReplyError && /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /.test(cause.message);
        if (move === MAX_MOVES || this.#isClosed || (cause instanceof RedisReplyError && !isMoved)) throw error;
        await this.#look();
      }
    }
  }

  async #byNode<T extends { readonly key: Buffer }>(items: readonly T[]): Promise<{ node: Node; items: T[] }[]> {
    if (this.#lookedAt === 0) await this.#look();
    const parts = new Map<Node, T[]>();
    for (const item of items) {
      const node = this.#owners[slotOf(item.key)];
      if (!node) throw unavailable('ONLINE_STORE_UNAVAILABLE', 'No node of the Redis cluster has the slot of a key.');
      const own = parts.get(node);
      if (own) own.push(item);
      else parts.set(node, [item]);
    }
    return [...parts].map(([node, own]) => ({ node, items: own }));
  }

  #look(): Promise<void> {
    this.#looking ??= this.#learn().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #learn(): Promise<void> {
    const wait = this.#lookedAt + LOOK_AGAIN_MS - performance.now();
    if (this.#lookedAt > 0 && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    let fault: unknown;
    for (const node of [...this.#nodes.values(), this.#node(this.#seed)]) {
      try {
        const [slots] = await node.writes.commands([['CLUSTER', 'SLOTS']]);
        if (slots instanceof RedisReplyError) throw refused(slots);
        await this.#take(slots as SlotRange[]);
        this.#lookedAt = performance.now();
        return;
      } catch (error) {
        fault = error;
      }
    }
    throw fault;
  }

  async #take(ranges: readonly SlotRange[]): Promise<void> {
    const owners: (Node | undefined)[] = new Array(SLOTS).fill(undefined);
    const used = new Set<Node>();
    for (const [from, to, [host, port]] of ranges) {
      // An empty host means the one that was asked.
      const node = this.#node({ host: host.toString() || this.#seed.host, port });
      used.add(node);
      owners.fill(node, from, to + 1);
    }
    await Promise.all([...used].map((node) => node.open()));
    this.#owners = owners;
    for (const [name, node] of this.#nodes) {
      if (used.has(node) || node === this.#nodes.get(nameOf(this.#seed))) continue;
      node.close();
      this.#nodes.delete(name);
    }
  }

  #node(endpoint: RedisEndpoint): Node {
    const name = nameOf(endpoint);
    let node = this.#nodes.get(name);
    if (!node) {
      node = new Node(endpoint, this.#settings);
      this.#nodes.set(name, node);
    }
    return node;
  }
}

/** From, to, and the nodes that have these slots, the one that takes writes first. */
type SlotRange = [from: number, to: number, master: [host: Buffer, port: number]];

const nameOf = ({ host, port }: RedisEndpoint): string => `${host}:${port}`;

class Node {
  readonly reads: RedisConnection;
  readonly writes: RedisConnection;

  constructor(endpoint: RedisEndpoint, settings: RedisSettings) {
    this.reads = new RedisConnection(endpoint, settings);
    this.writes = new RedisConnection(endpoint, settings);
  }

  async open(): Promise<void> {
    await Promise.all([this.reads.open(), this.writes.open()]);
  }

  close(): void {
    this.reads.close();
    this.writes.close();
  }
}
