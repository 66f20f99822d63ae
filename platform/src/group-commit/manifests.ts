import type { Clock } from './clock.ts';
import type { Arrival, Manifest } from './format.ts';
import type { ControlStore, Versioned } from './store.ts';

/** Ended manifests that are kept, for people to look at and to recognise repeats by. */
const KEPT_MANIFESTS = 50;
/** How often a change is tried against others who change the same manifest; each of them made progress. */
const CHANGE_TRIES = 10;

export interface ManifestRules {
  /** Arrivals in one manifest, at most. */
  readonly maxArrivals: number;
  /** An arrival whose id is in one of this many last manifests that are done is dropped; at most the number kept. */
  readonly remember: number;
  /** Whether the arrivals of a failed manifest join the next one. */
  readonly carryFailed: boolean;
  readonly newId: () => string;
}

/** The numbered manifests of a commit: how arrivals become one, and how it ends. */
export class Manifests<P> {
  readonly #store: ControlStore<P>;
  readonly #clock: Clock;
  readonly #rules: ManifestRules;

  constructor(store: ControlStore<P>, clock: Clock, rules: ManifestRules) {
    this.#store = store;
    this.#clock = clock;
    this.#rules = rules;
  }

  /** The manifest of the highest number, the only one that can be open. */
  async latest(): Promise<Versioned<P> | undefined> {
    // One that is pruned between listing and reading is followed by newer ones.
    for (;;) {
      const number = (await this.#store.manifestNumbers()).at(-1);
      if (number === undefined) return undefined;
      const latest = await this.#store.readManifest(number);
      if (latest) return latest;
    }
  }

  async anyWaiting(): Promise<boolean> {
    return (await this.#store.waiting(1)).length > 0;
  }

  /**
   * Turns waiting arrivals into the manifest that follows `latest`, which has ended. Undefined where nothing waits, and where another process
   * was first.
   *
   * `latest` was read before the arrivals are listed and the new manifest is only written where none of its number exists. So an arrival that is seen here
   * either is not in any manifest yet, or is in one that `known` names: nothing is taken twice, whoever else believes to hold the lease.
   */
  async open(latest: Versioned<P> | undefined): Promise<Versioned<P> | undefined> {
    const known = await this.#known(latest);
    for (;;) {
      const names = await this.#store.waiting(this.#rules.maxArrivals);
      const arrivals = await this.#store.readArrivals(names);
      const fresh = arrivals.filter(({ id, nonce }) => !known.nonces.has(nonce) && !known.doneIds.has(id));
      // Before the next manifest exists: afterwards nobody would look for what this one left behind.
      await this.#store.removeArrivals(arrivals.filter((arrival) => !fresh.includes(arrival)));
      if (fresh.length > 0) return this.#create(latest?.manifest, fresh);
      if (names.length < this.#rules.maxArrivals) return undefined;
    }
  }

  /** What need not be run again: leftovers of the latest manifest, and ids that were done lately. */
  async #known(latest: Versioned<P> | undefined): Promise<{ nonces: Set<string>; doneIds: Set<string> }> {
    const nonces = new Set(latest?.manifest.arrivals.map(({ nonce }) => nonce));
    const doneIds = new Set<string>();
    const last = latest?.manifest.number ?? 0;
    for (let number = last; number > Math.max(0, last - this.#rules.remember); number -= 1) {
      const found = number === last ? latest : await this.#store.readManifest(number);
      if (found?.manifest.state === 'done') for (const { id } of found.manifest.arrivals) doneIds.add(id);
    }
    return { nonces, doneIds };
  }

  async #create(previous: Manifest<P> | undefined, fresh: readonly Arrival<P>[]): Promise<Versioned<P> | undefined> {
    const arrivals = previous?.state === 'failed' && this.#rules.carryFailed ? joined(previous.arrivals, fresh) : fresh;
    const number = (previous?.number ?? 0) + 1;
    const now = this.#clock.now();
    return this.#store.createManifest({
      id: this.#store.names.manifestId(number),
      number,
      state: 'open',
      attempt: 1,
      claim: this.#rules.newId(),
      claimedAt: now,
      execution: null,
      suspectedAt: null,
      openedAt: now,
      endedAt: null,
      error: null,
      arrivals,
    });
  }

  /** Takes up the next attempt; undefined where somebody else changed the manifest meanwhile. */
  claim(from: Versioned<P>): Promise<Versioned<P> | undefined> {
    return this.#store.changeManifest(from, {
      attempt: from.manifest.attempt + 1,
      claim: this.#rules.newId(),
      claimedAt: this.#clock.now(),
      execution: null,
      suspectedAt: null,
    });
  }

  /**
   * Applies a change to an open manifest as long as the attempt is still the same, whatever else is noted in it meanwhile; undefined where it ended
   * or was taken up anew.
   */
  async change(from: Versioned<P>, change: Partial<Manifest<P>>): Promise<Versioned<P> | undefined> {
    let current: Versioned<P> | undefined = from;
    for (let tries = 0; tries < CHANGE_TRIES; tries += 1) {
      if (current?.manifest.state !== 'open' || current.manifest.attempt !== from.manifest.attempt) return undefined;
      const changed = await this.#store.changeManifest(current, change);
      if (changed) return changed;
      current = await this.#store.readManifest(from.manifest.number);
    }
    return undefined;
  }

  /** Ends an open manifest and removes its arrivals; undefined where it had ended or was taken up anew. */
  async end(
    from: Versioned<P>,
    state: 'done' | 'failed',
    error: Manifest<P>['error'] = null,
  ): Promise<Manifest<P> | undefined> {
    const ended = await this.change(from, { state, error, endedAt: this.#clock.now() });
    if (!ended) return undefined;
    // A crash here leaves arrivals behind; the next `open` knows them by their nonces.
    await this.#store.removeArrivals(ended.manifest.arrivals);
    await this.#prune();
    return ended.manifest;
  }

  async #prune(): Promise<void> {
    const numbers = await this.#store.manifestNumbers();
    if (numbers.length > KEPT_MANIFESTS) await this.#store.removeManifests(numbers.slice(0, -KEPT_MANIFESTS));
  }
}

/** Every arrival once; of two with the same id the later. */
function joined<P>(earlier: readonly Arrival<P>[], later: readonly Arrival<P>[]): Arrival<P>[] {
  return [...new Map([...earlier, ...later].map((arrival) => [arrival.id, arrival])).values()];
}
