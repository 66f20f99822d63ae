import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import type { StreamArrivals } from './arrivals.ts';
import type { Ledger } from './ledger.ts';
import { type LoadObject, objectId, streamOf } from './object.ts';

/** Objects looked at in one sweep of a stream: fifty requests for a listing. What is beyond is told in the log. */
const MAX_OBJECTS_PER_SWEEP = 50_000;
/** The event of a younger object is under way, on a machine that is short of time too. */
const EVENT_GRACE_MS = 90_000;
/** A listing costs more than a tick is worth: one a stream in this time. */
const LIST_EVERY_MS = 30_000;
/** Ids kept as known to be in the ledger, so that a quiet lake costs a listing and no query. */
const MAX_REMEMBERED = 200_000;

export interface SweepPorts {
  readonly lake: Lake;
  readonly bucket: string;
  readonly ledger: Ledger;
  readonly now: () => number;
}

/** Finds processed objects whose event never came. */
export class Sweep {
  readonly #ports: SweepPorts;
  /** By stream, when objects that may be missing were first seen: their age does not depend on what a generation means. */
  readonly #firstSeen = new Map<string, ReadonlyMap<string, number>>();
  readonly #settled = new Set<string>();
  readonly #listedAt = new Map<string, number>();

  constructor(ports: SweepPorts) {
    this.#ports = ports;
  }

  /** Puts objects of the stream that the ledger does not know on record. Returns how many. */
  async run(stream: string, arrivals: StreamArrivals, log: Logger): Promise<number> {
    const now = this.#ports.now();
    if (now - (this.#listedAt.get(stream) ?? Number.NEGATIVE_INFINITY) < LIST_EVERY_MS) return 0;
    this.#listedAt.set(stream, now);
    const missing = await this.#missing(stream, log);
    for (let from = 0; from < missing.length; from += 500) await arrivals.recordAll(missing.slice(from, from + 500));
    if (missing.length > 0)
      log.warn({ stream, objects: missing.length }, 'the sweep found objects whose event never came');
    return missing.length;
  }

  async #missing(stream: string, log: Logger): Promise<LoadObject[]> {
    const { lake, bucket, ledger, now } = this.#ports;
    const unsettled: LoadObject[] = [];
    let looked = 0;
    for await (const object of lake.list(bucket, `processed/${stream}/`)) {
      looked += 1;
      if (looked > MAX_OBJECTS_PER_SWEEP) {
        log.warn({ stream, looked: MAX_OBJECTS_PER_SWEEP }, 'the sweep ends early; older objects should be archived');
        break;
      }
      if (streamOf(object.name) === stream && !this.#settled.has(objectId(bucket, object))) unsettled.push(object);
    }
    const due = this.#due(stream, unsettled, now());
    if (due.length === 0) return [];
    const known = new Set(
      (
        await ledger.find(
          stream,
          due.map(({ name }) => name),
        )
      ).map(({ object_id }) => object_id),
    );
    for (const id of known) this.#settle(id);
    return due
      .filter((object) => !known.has(objectId(bucket, object)))
      .map(({ name, generation, size }) => ({ name, generation, size }));
  }

  #due(stream: string, unsettled: readonly LoadObject[], now: number): LoadObject[] {
    const id = (object: LoadObject) => objectId(this.#ports.bucket, object);
    const before = this.#firstSeen.get(stream);
    const seen = new Map(unsettled.map((object) => [id(object), before?.get(id(object)) ?? now]));
    this.#firstSeen.set(stream, seen);
    return unsettled.filter((object) => now - seen.get(id(object))! >= EVENT_GRACE_MS);
  }

  #settle(id: string): void {
    if (this.#settled.size >= MAX_REMEMBERED) this.#settled.clear();
    this.#settled.add(id);
  }
}
