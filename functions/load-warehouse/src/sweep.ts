import { waitingCommits } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import { LOAD_COMMIT } from './arrivals.ts';
import type { Ledger } from './ledger.ts';
import { type LoadObject, objectId, streamOf } from './object.ts';

/** Objects looked at in one sweep: fifty requests for a listing. What is beyond is told in the log. */
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
  #firstSeen = new Map<string, number>();
  readonly #settled = new Set<string>();
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: SweepPorts) {
    this.#ports = ports;
  }

  /** Streams that have arrivals on record: being loaded, or left behind by a holder that died. */
  async waiting(): Promise<string[]> {
    const { lake, bucket } = this.#ports;
    return (await waitingCommits(lake, bucket, LOAD_COMMIT)).map((commit) => commit.slice(LOAD_COMMIT.length));
  }

  /** Processed objects that the ledger does not know, by stream, though their event should have come; those of `busy` streams after a longer time. */
  async missed(busy: ReadonlySet<string>, log: Logger): Promise<ReadonlyMap<string, readonly LoadObject[]>> {
    const now = this.#ports.now();
    if (now - this.#listedAt < LIST_EVERY_MS) return new Map();
    this.#listedAt = now;
    const missed = new Map<string, readonly LoadObject[]>();
    for (const [stream, objects] of Map.groupBy(await this.#due(now, busy, log), ({ name }) => streamOf(name)!)) {
      const unknown = await this.#unknown(stream, objects);
      if (unknown.length > 0) missed.set(stream, unknown);
    }
    return missed;
  }

  /** The objects are on record again: their time starts anew. */
  recorded(objects: readonly LoadObject[]): void {
    for (const object of objects) this.#firstSeen.set(objectId(this.#ports.bucket, object), this.#ports.now());
  }

  /** Objects that were seen a while ago and are not known to be settled. */
  async #due(now: number, busy: ReadonlySet<string>, log: Logger): Promise<LoadObject[]> {
    const { lake, bucket } = this.#ports;
    const due: LoadObject[] = [];
    const seen = new Map<string, number>();
    let looked = 0;
    for await (const { name, generation, size } of lake.list(bucket, 'processed/')) {
      looked += 1;
      if (looked > MAX_OBJECTS_PER_SWEEP) {
        log.warn({ looked: MAX_OBJECTS_PER_SWEEP }, 'the sweep ends early; older objects should be compacted');
        break;
      }
      const id = objectId(bucket, { name, generation });
      const stream = streamOf(name);
      if (stream === undefined || this.#settled.has(id)) continue;
      const since = this.#firstSeen.get(id) ?? now;
      seen.set(id, since);
      if (now - since >= (busy.has(stream) ? BUSY_GRACE_MS : EVENT_GRACE_MS)) due.push({ name, generation, size });
    }
    this.#firstSeen = seen;
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
