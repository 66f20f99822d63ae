import { waitingCommits } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import { LOAD_COMMIT } from './arrivals.ts';
import type { Ledger } from './ledger.ts';
import { type LoadObject, objectId, streamOf } from './object.ts';

/** Objects looked at in one sweep: fifty requests for a listing. The next sweep goes on behind them. */
const MAX_OBJECTS_PER_SWEEP = 50_000;
/** The event of a younger object is under way, on a machine that is short of time too. */
const EVENT_GRACE_MS = 90_000;
/** Of a stream that is being loaded, or waits for its day's budget, an object may be on record for long; after this it is recorded once more, to be sure. */
const BUSY_GRACE_MS = 15 * 60_000;
/** Ticks may come more often than a listing of the lake is worth. */
const LIST_EVERY_MS = 30_000;
/** Ids kept as known to be in the ledger, so that a quiet lake costs a listing and no query. */
const MAX_REMEMBERED = 200_000;

export interface SweepPorts {
  readonly lake: Lake;
  readonly bucket: string;
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly maxObjects?: number;
}

/**
 * What events missed of the loads.
 *
 * Where all is well a look costs a listing of what waits, which finds nothing, and at most every half minute a listing of `processed/` (a request for each
 * thousand objects); the warehouse is only asked about objects that this process has not seen in the ledger yet.
 */
export class Sweep {
  readonly #ports: SweepPorts;
  /** When objects that may be missing were first seen: their age does not depend on what a generation means. */
  readonly #firstSeen = new Map<string, { readonly name: string; readonly at: number }>();
  readonly #settled = new Set<string>();
  #listedAt = Number.NEGATIVE_INFINITY;
  /** Where the next look goes on, in a lake of more objects than one look takes. */
  #after: string | undefined;

  constructor(ports: SweepPorts) {
    this.#ports = ports;
  }

  /** Streams that have arrivals on record: being loaded, or left behind by a holder that died. */
  async waiting(): Promise<string[]> {
    const { lake, bucket } = this.#ports;
    return (await waitingCommits(lake, bucket, LOAD_COMMIT)).map((commit) => commit.slice(LOAD_COMMIT.length));
  }

  /** Processed objects that the ledger does not know, by stream, though their event should have come; those of `busy` streams after a longer time. */
  async missed(busy: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly LoadObject[]>> {
    const now = this.#ports.now();
    if (now - this.#listedAt < LIST_EVERY_MS) return new Map();
    this.#listedAt = now;
    const missed = new Map<string, readonly LoadObject[]>();
    for (const [stream, objects] of Map.groupBy(await this.#due(now, busy), ({ name }) => streamOf(name)!)) {
      const unknown = await this.#unknown(stream, objects);
      if (unknown.length > 0) missed.set(stream, unknown);
    }
    return missed;
  }

  /** The objects are on record again: their time starts anew. */
  recorded(objects: readonly LoadObject[]): void {
    const at = this.#ports.now();
    for (const object of objects) this.#firstSeen.set(objectId(this.#ports.bucket, object), { name: object.name, at });
  }

  /** Objects that were seen a while ago and are not known to be settled. */
  async #due(now: number, busy: ReadonlySet<string>): Promise<LoadObject[]> {
    const { lake, bucket, maxObjects = MAX_OBJECTS_PER_SWEEP } = this.#ports;
    const due: LoadObject[] = [];
    const seen = new Set<string>();
    const after = this.#after;
    let last: string | undefined;
    let looked = 0;
    for await (const { name, generation, size } of lake.list(bucket, 'processed/', { after })) {
      if (looked === maxObjects) break;
      looked += 1;
      last = name;
      const id = objectId(bucket, { name, generation });
      const stream = streamOf(name);
      if (stream === undefined || this.#settled.has(id)) continue;
      const since = this.#firstSeen.get(id)?.at ?? now;
      this.#firstSeen.set(id, { name, at: since });
      seen.add(id);
      if (now - since >= (busy.has(stream) ? BUSY_GRACE_MS : EVENT_GRACE_MS)) due.push({ name, generation, size });
    }
    this.#after = looked === maxObjects ? last : undefined;
    // Of the part that was looked at, what is gone or settled need not be remembered.
    for (const [id, { name }] of this.#firstSeen) {
      const isInPart = (after === undefined || name > after) && (this.#after === undefined || name <= this.#after);
      if (isInPart && !seen.has(id)) this.#firstSeen.delete(id);
    }
    return due;
  }

  async #unknown(stream: string, objects: readonly LoadObject[]): Promise<LoadObject[]> {
    const { bucket, ledger } = this.#ports;
    const names = objects.map(({ name }) => name);
    const known = new Set((await ledger.find(stream, names)).map(({ object_id }) => object_id));
    for (const id of known) this.#settle(id);
    return objects.filter((object) => !known.has(objectId(bucket, object)));
  }

  #settle(id: string): void {
    if (this.#settled.size >= MAX_REMEMBERED) this.#settled.clear();
    this.#settled.add(id);
  }
}
