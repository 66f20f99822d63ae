import type { Clock } from './clock.ts';
import type { Arrival, Manifest, TakenArrival, Telling } from './format.ts';
import type { ControlStore, Versioned } from './store.ts';

/** How often a change is tried against others who change the same manifest; each of them made progress. */
const CHANGE_TRIES = 10;

export interface ManifestRules<P> {
  /** Arrivals in one manifest, at most. */
  readonly maxArrivals: number;
  /** An arrival whose id is in one of this many last manifests that are done is dropped; at most the number kept. */
  readonly remember: number;
  /** Whether the arrivals of a failed manifest join the next one. */
  readonly carryFailed: boolean;
  /** What a carried arrival asks for; of those that ask for the same the newest stands for all. */
  readonly carryAs: ((payload: P) => string) | undefined;
  /** Manifests that are kept, the open one included. */
  readonly keep: number;
  readonly newId: () => string;
}

/** The numbered manifests of a commit: how arrivals become one, and how it ends. */
export class Manifests<P> {
  readonly #store: ControlStore<P>;
  readonly #clock: Clock;
  readonly #rules: ManifestRules<P>;

  constructor(store: ControlStore<P>, clock: Clock, rules: ManifestRules<P>) {
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

  /** Arrivals on record, up to as many as a manifest takes. */
  async countWaiting(): Promise<number> {
    return (await this.#store.waiting(this.#rules.maxArrivals)).length;
  }

  /**
   * Turns waiting arrivals into the manifest that follows `latest`, which has ended. Undefined where nothing waits, and where another process
   * was first.
   *
   * `latest` was read before the arrivals are listed and the new manifest is only written where none of its number exists. So an arrival that is seen here
   * either is not in any manifest yet, or is in one that `known` names: nothing is taken twice, whoever else believes to hold the lease.
   *
   * The number may have existed and be pruned already, if this process paused for very long. Then higher ones exist, for the highest is never pruned: so it
   * looks once more before anything is done for the new manifest.
   */
  async open(latest: Versioned<P> | undefined): Promise<Versioned<P> | undefined> {
    const known = await this.#known(latest);
    const isKnown = ({ id, nonce }: Telling) => known.nonces.has(nonce) || known.doneIds.has(id);
    const waiting = await this.#store.tellings();
    // All of them, and before the next manifest exists: afterwards nobody would know what this one left behind.
    await this.#store.removeArrivals(waiting.filter(isKnown));
    const news = waiting.filter((telling) => !isKnown(telling));
    const fresh = await this.#store.readArrivals(news.slice(0, this.#rules.maxArrivals));
    return fresh.length === 0 ? undefined : this.#create(latest?.manifest, eachOnce(fresh));
  }

  /** What need not be run again: leftovers of the latest manifest, and ids that were done lately. */
  async #known(latest: Versioned<P> | undefined): Promise<{ nonces: Set<string>; doneIds: Set<string> }> {
    const nonces = new Set(latest?.manifest.arrivals.flatMap(({ nonce, repeats }) => [nonce, ...repeats]));
    const doneIds = new Set<string>();
    const last = latest?.manifest.number ?? 0;
    for (let number = last; number > Math.max(0, last - this.#rules.remember); number -= 1) {
      const found = number === last ? latest : await this.#store.readManifest(number);
      if (found?.manifest.state === 'done') for (const { id } of found.manifest.arrivals) doneIds.add(id);
    }
    return { nonces, doneIds };
  }

  async #create(
    previous: Manifest<P> | undefined,
    fresh: readonly TakenArrival<P>[],
  ): Promise<Versioned<P> | undefined> {
    const carried = previous?.state === 'failed' && this.#rules.carryFailed ? previous.arrivals : [];
    const arrivals = joined(newestOfEach(carried, this.#rules.carryAs), fresh);
    const number = (previous?.number ?? 0) + 1;
    const now = this.#clock.now();
    const created = await this.#store.createManifest({
      id: this.#store.names.manifestId(number),
      number,
      state: 'open',
      attempt: 1,
      counted: 1,
      claim: this.#rules.newId(),
      claimedAt: now,
      execution: null,
      suspectedAt: null,
      openedAt: now,
      endedAt: null,
      error: null,
      arrivals,
    });
    if (!created) return undefined;
    if ((await this.#store.manifestNumbers()).at(-1) === number) return created;
    await this.#store.removeManifests([number]);
    return undefined;
  }

  /** Takes up the next attempt; undefined where somebody else changed the manifest meanwhile. */
  claim(from: Versioned<P>): Promise<Versioned<P> | undefined> {
    return this.#store.changeManifest(from, {
      attempt: from.manifest.attempt + 1,
      counted: from.manifest.counted + 1,
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
    await this.#store.removeArrivals(
      ended.manifest.arrivals.flatMap(({ id, nonce, repeats }) =>
        [nonce, ...repeats].map((each) => ({ id, nonce: each })),
      ),
    );
    await this.#prune();
    return ended.manifest;
  }

  async #prune(): Promise<void> {
    const numbers = await this.#store.manifestNumbers();
    if (numbers.length > this.#rules.keep) await this.#store.removeManifests(numbers.slice(0, -this.#rules.keep));
  }
}

/** Every id once: its first telling, and what repeats it. */
function eachOnce<P>(arrivals: readonly Arrival<P>[]): TakenArrival<P>[] {
  const byId = new Map<string, Arrival<P>[]>();
  for (const arrival of arrivals) byId.set(arrival.id, [...(byId.get(arrival.id) ?? []), arrival]);
  return [...byId.values()].map((tellings) => {
    const [first, ...others] = tellings.sort((a, b) => (a.recordedAt < b.recordedAt ? -1 : 1));
    return { ...first!, repeats: others.map(({ nonce }) => nonce) };
  });
}

/** Work that fails for days must not carry all that ever asked for it. */
function newestOfEach<P>(arrivals: readonly TakenArrival<P>[], keyOf: ((payload: P) => string) | undefined) {
  if (!keyOf) return arrivals;
  const inOrder = arrivals.toSorted((a, b) => (a.recordedAt < b.recordedAt ? -1 : 1));
  return [...new Map(inOrder.map((arrival) => [keyOf(arrival.payload), arrival])).values()];
}

/** Every arrival once; of two with the same id the later. */
function joined<P>(earlier: readonly TakenArrival<P>[], later: readonly TakenArrival<P>[]): TakenArrival<P>[] {
  return [...new Map([...earlier, ...later].map((arrival) => [arrival.id, arrival])).values()];
}
