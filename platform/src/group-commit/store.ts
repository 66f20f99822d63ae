import pLimit from 'p-limit';
import type { z } from 'zod';
import type { Lake, LakeObject } from '../lake/port.ts';
import { isPreconditionFailed } from './conditions.ts';
import {
  type Arrival,
  arrivalSchema,
  ControlNames,
  type Manifest,
  manifestSchema,
  parseControl,
  type StoredArrival,
  type TakenArrival,
  type Telling,
} from './format.ts';

/** Requests to the lake at a time: enough to hide its latency, few enough to leave it room for others. */
const CONCURRENT_REQUESTS = 32;

/** A manifest and the token that names the version read. */
export interface Versioned<P> {
  readonly manifest: Manifest<P>;
  readonly token: string;
}

/** The objects of one commit in the lake. */
export class ControlStore<P> {
  readonly names: ControlNames;
  readonly #lake: Lake;
  readonly #bucket: string;
  readonly #payload: z.ZodType<P>;

  constructor(lake: Lake, bucket: string, commit: string, payload: z.ZodType<P>) {
    this.#lake = lake;
    this.#bucket = bucket;
    this.#payload = payload;
    this.names = new ControlNames(commit);
  }

  /** Keeps one telling of an arrival, under a name of its own: what removes another telling cannot remove this one. */
  async putArrival(arrival: Arrival<P>): Promise<void> {
    await this.#lake.write(this.#bucket, this.names.arrival(arrival), JSON.stringify(arrival), {
      contentType: 'application/json',
    });
  }

  /** All that waits, in name order. */
  async tellings(): Promise<Telling[]> {
    return (await this.waiting(Number.POSITIVE_INFINITY)).map((name) => this.names.telling(name));
  }

  /** Names of waiting arrivals, at most `limit`. */
  async waiting(limit: number): Promise<string[]> {
    const names: string[] = [];
    if (limit === 0) return names;
    for await (const object of this.#lake.list(this.#bucket, this.names.arrivals)) {
      names.push(object.name);
      if (names.length === limit) break;
    }
    return names;
  }

  /** The arrivals that were told so; one that is gone meanwhile is left out. */
  async readArrivals(tellings: readonly Telling[]): Promise<Arrival<P>[]> {
    const limit = pLimit(CONCURRENT_REQUESTS);
    const read = await limit.map(tellings, async (telling) => {
      const name = this.names.arrival(telling);
      const body = await this.#lake.bytes(this.#bucket, name);
      if (!body) return undefined;
      return this.#typed({ ...parseControl(arrivalSchema, name, body), ...telling }, name);
    });
    return read.filter((arrival) => arrival !== undefined);
  }

  async removeArrivals(arrivals: readonly Telling[]): Promise<void> {
    const names = arrivals.map((telling) => this.names.arrival(telling));
    if (names.length > 0) await this.#lake.removeAll(this.#bucket, names);
  }

  /** Numbers of the manifests that are kept, in order. */
  async manifestNumbers(): Promise<number[]> {
    const numbers: number[] = [];
    for await (const object of this.#lake.list(this.#bucket, this.names.manifests)) {
      numbers.push(manifestNumber(object, this.names.manifests));
    }
    return numbers;
  }

  async readManifest(number: number): Promise<Versioned<P> | undefined> {
    const name = this.names.manifest(number);
    const found = await this.#lake.read(this.#bucket, name);
    if (!found) return undefined;
    const stored = parseControl(manifestSchema, name, found.body);
    const arrivals: TakenArrival<P>[] = stored.arrivals.map((arrival) => ({
      ...this.#typed(arrival, name),
      repeats: arrival.repeats,
    }));
    return { manifest: { ...stored, arrivals }, token: found.object.token };
  }

  /** The new manifest's version; undefined where one of that number exists. */
  async createManifest(manifest: Manifest<P>): Promise<Versioned<P> | undefined> {
    const token = await this.#write(this.names.manifest(manifest.number), JSON.stringify(manifest), { ifAbsent: true });
    return token === undefined ? undefined : { manifest, token };
  }

  /** The changed manifest's version; undefined where it is no longer what was read. */
  async changeManifest(from: Versioned<P>, change: Partial<Manifest<P>>): Promise<Versioned<P> | undefined> {
    const manifest = { ...from.manifest, ...change };
    const token = await this.#write(this.names.manifest(manifest.number), JSON.stringify(manifest), {
      ifMatch: from.token,
    });
    return token === undefined ? undefined : { manifest, token };
  }

  async removeManifests(numbers: readonly number[]): Promise<void> {
    await this.#lake.removeAll(
      this.#bucket,
      numbers.map((number) => this.names.manifest(number)),
    );
  }

  #typed(arrival: StoredArrival, name: string): Arrival<P> {
    const payload = parseControl(this.#payload, name, Buffer.from(JSON.stringify(arrival.payload ?? null)));
    return { ...arrival, payload };
  }

  /** The written content's token; undefined where the condition did not hold. */
  async #write(
    name: string,
    body: string,
    condition: { ifMatch: string } | { ifAbsent: true },
  ): Promise<string | undefined> {
    try {
      return (await this.#lake.write(this.#bucket, name, body, { ...condition, contentType: 'application/json' }))
        .token;
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error;
      // A write whose answer was lost is repeated by the client and then meets itself.
      const now = await this.#lake.read(this.#bucket, name);
      return now?.body.toString('utf8') === body ? now.object.token : undefined;
    }
  }
}

function manifestNumber(object: LakeObject, prefix: string): number {
  return Number.parseInt(object.name.slice(prefix.length), 10);
}
