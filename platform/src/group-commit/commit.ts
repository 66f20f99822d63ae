import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Lake } from '../lake/port.ts';
import { count, measure } from '../metrics/index.ts';
import { type Clock, systemClock } from './clock.ts';
import { type DrainRules, drainHeld, type Failure, type InlineWork } from './drain.ts';
import { DEFAULT_LEASE_MS, type Manifest } from './format.ts';
import { Lease } from './lease.ts';
import { JobRuns, LONG_WORK_RULES, type LongWork, type LongWorkRules } from './long-work.ts';
import { Manifests } from './manifests.ts';
import { type Pace, spacedBy } from './pace.ts';
import { type SettleRules, settle } from './settle.ts';
import { ControlStore } from './store.ts';

export interface GroupCommitOptions<P> {
  readonly lake: Lake;
  /** The bucket that holds `control/`. */
  readonly bucket: string;
  /** a-z 0-9 _ -; different commits never wait for each other. */
  readonly name: string;
  /** What an arrival carries. */
  readonly payload: z.ZodType<P>;
  readonly clock?: Clock;
  /** How long a holder that died keeps others out. */
  readonly leaseMs?: number;
  /** Arrivals in one manifest, at most (those of a failed one that join it aside). */
  readonly maxArrivals?: number;
  /** How many of the last manifests tell repeats: an arrival whose id they did is dropped. 0 where the caller knows better, at most `keep`. */
  readonly remember?: number;
  /** Manifests kept, for people to look at and to tell repeats by. */
  readonly keep?: number;
  /** Whether the arrivals of a failed manifest join the next one; else whoever recorded them has to do so again. */
  readonly carryFailed?: boolean;
  /** What an arrival asks for: of those carried that ask for the same, the newest stands for all. Without it each is carried. */
  readonly carryAs?: (payload: P) => string;
  /** Between the starts of two manifests, at least; it keeps under daily limits. Inline work only. */
  readonly spacingMs?: number;
  /** When the next manifest may begin, where more than the time since the last one decides; then `spacingMs` is of no use. */
  readonly pace?: Pace;
  /** Lets a burst of arrivals become one run. Long work only. */
  readonly settle?: SettleRules;
  /** Attempts at inline work that fails for good, and the patience with jobs. */
  readonly maxAttempts?: number;
  readonly longWork?: Partial<LongWorkRules>;
  /** How long one call of `drain` takes up new manifests: below the time limit of the function it runs in. */
  readonly budgetMs?: number;
  readonly newId?: () => string;
}

/** One load job takes as many URIs. https://cloud.google.com/bigquery/quotas#load_jobs */
const DEFAULT_MAX_ARRIVALS = 10_000;
const DEFAULT_REMEMBER = 20;
const DEFAULT_KEEP = 50;
const DEFAULT_INLINE_ATTEMPTS = 5;
/** An event-driven function may run for 9 minutes. https://cloud.google.com/functions/quotas#time_limits */
const DEFAULT_BUDGET_MS = 7 * 60_000;

/**
 * `drained`: nothing waits. `elsewhere`: another holder does or will go on. `out-of-time`: there is more to do now. `later`: what waits is not due before this
 * call has to end; the sweep, or another arrival, takes it up.
 */
export type DrainOutcome = {
  readonly outcome: 'drained' | 'out-of-time' | 'elsewhere' | 'later';
  readonly manifests: number;
};
/** `running`: one is open already; what waits goes with the next. */
export type StartOutcome = 'started' | 'running' | 'nothing-waits' | 'elsewhere';
/** `ended`: a job that could not be saved, or need not be, ended its manifest. `restarted`: a new attempt runs. `started`: what waited runs. */
export type RepairOutcome = 'nothing-to-do' | 'running' | 'restarted' | 'ended' | 'started';
/** `ended`: this report ended the manifest. `stale`: it had ended, or a newer attempt took over, or it is unknown: nothing changed. */
export type FinishOutcome = 'ended' | 'stale';

/**
 * Turns many arrivals, concurrent and repeated, into few pieces of work, each done by one process at a time and none forgotten.
 *
 * **States.** An arrival *waits* (an object of its own says so), is *in a manifest* (open), and is *done* (the manifest is; its object is removed). Told again
 * while it waits, it has one more object, and the next manifest takes all of them as one. A manifest is *open* until it is *done* or *failed*. At most one
 * manifest of a commit is open, and it has the highest number: number n + 1 is only written, where it does not exist, by one who read that n has ended.
 *
 * **Inline work** (`record`, then `drain`): whoever gets the lease finishes an open manifest first, then turns all waiting arrivals into the next one,
 * works on it, marks it done, removes its arrivals, and repeats until nothing waits. Whoever misses the lease leaves at once, for its arrival is on record: either
 * the holder's next list has it, or the look that every holder takes after it released the lease.
 *
 * **Long work** (`record`, then `startNext`; `finish` when the job reports; `repair` now and then): the lease covers only the start. While the
 * manifest is open everything else waits behind it and becomes one next manifest: one run at a time, at most one waiting.
 *
 * **A crash at any line** leaves one of these, and the next call of anyone mends it:
 * - an arrival without a holder: the next `drain` or `startNext`, of another arrival or of the sweep, takes it along;
 * - a lease: it expires, and one that claims to last much longer than leases do, by a clock that was wrong, counts as expired;
 * - an open manifest with inline work: it is finished first, as the next attempt, under the same id;
 * - an open manifest whose job was not started, died, or ended without a word: `repair` starts it again, up to a limit, then fails it aloud (a start that
 *   failed for a reason that may pass does not count);
 * - an ended manifest whose arrivals were not removed: whoever opens the next one knows them by their nonces and removes them.
 *
 * **Two who believe to hold the lease** (clocks differ, processes pause) meet at the manifest: creating, claiming and ending it are conditional writes, and
 * one wins. Both may have run the same work, under the same manifest id, which is why work has to be idempotent by it.
 */
export class GroupCommit<P> {
  readonly name: string;
  readonly #options: GroupCommitOptions<P>;
  readonly #clock: Clock;
  readonly #store: ControlStore<P>;
  readonly #manifests: Manifests<P>;
  readonly #jobs: JobRuns<P>;
  readonly #newId: () => string;
  /** Within this process one call drains and the others only tell it to look again. */
  #draining = false;
  #lookAgain = false;

  constructor(options: GroupCommitOptions<P>) {
    this.#options = options;
    this.name = options.name;
    this.#clock = options.clock ?? systemClock;
    this.#newId = options.newId ?? randomUUID;
    this.#store = new ControlStore(options.lake, options.bucket, options.name, options.payload);
    this.#manifests = new Manifests(this.#store, this.#clock, {
      maxArrivals: options.maxArrivals ?? DEFAULT_MAX_ARRIVALS,
      remember: options.remember ?? DEFAULT_REMEMBER,
      carryFailed: options.carryFailed ?? true,
      carryAs: options.carryAs,
      keep: options.keep ?? DEFAULT_KEEP,
      newId: this.#newId,
    });
    this.#jobs = new JobRuns(this.#manifests, this.#clock, { ...LONG_WORK_RULES, ...options.longWork });
  }

  /**
   * Puts an arrival on record; once this resolves it is not forgotten: work that begins after this call covers it, unless work under this id was done
   * lately (see `remember`). The same id again, while it waits, is the same arrival.
   *
   * @param id deterministic, so that an event told twice is one arrival: up to 200 of A-Z a-z 0-9 _ . -
   */
  async record(id: string, payload: P): Promise<void> {
    const recordedAt = new Date(this.#clock.now()).toISOString();
    await this.#store.putArrival({ id, nonce: this.#newId(), recordedAt, payload });
  }

  /** Whether nothing is on record, and so nothing is open: what is in a manifest stays on record until it ended. Costs one listing. */
  async isIdle(): Promise<boolean> {
    return !(await this.#manifests.anyWaiting());
  }

  /**
   * Does all waiting work, inline, unless somebody else is at it.
   *
   * @throws what `work.run` throws; the manifest stays open, and the next call takes it up again.
   */
  async drain(work: InlineWork<P>): Promise<DrainOutcome> {
    if (this.#draining) {
      this.#lookAgain = true;
      return { outcome: 'elsewhere', manifests: 0 };
    }
    this.#draining = true;
    try {
      return await this.#drain(work);
    } finally {
      this.#draining = false;
    }
  }

  async #drain(work: InlineWork<P>): Promise<DrainOutcome> {
    const rules: DrainRules = {
      maxAttempts: this.#options.maxAttempts ?? DEFAULT_INLINE_ATTEMPTS,
      pace: this.#options.pace ?? spacedBy(this.#options.spacingMs ?? 0, this.#clock),
      deadline: this.#clock.now() + (this.#options.budgetMs ?? DEFAULT_BUDGET_MS),
    };
    let manifests = 0;
    do {
      this.#lookAgain = false;
      const ended = await this.#underLease((lease) =>
        drainHeld({ manifests: this.#manifests, clock: this.#clock, lease }, work, rules),
      );
      if (ended === undefined) {
        // An arrival of this process that relied on this call may be later than the last look of the one who holds the lease.
        if (this.#lookAgain) continue;
        return { outcome: 'elsewhere', manifests };
      }
      manifests += ended.manifests;
      if (ended.later) return { outcome: 'later', manifests };
      if (this.#clock.now() >= rules.deadline) return { outcome: 'out-of-time', manifests };
      // Whoever came between our last list and our release found the lease taken and left: their arrival is ours. The flag comes last, for
      // nothing can happen between reading it and clearing `#draining`.
    } while ((await this.#manifests.anyWaiting()) || this.#lookAgain);
    return { outcome: 'drained', manifests };
  }

  /**
   * Starts a job for all that waits, unless one is open.
   *
   * @throws what `work.start` throws; the attempt is given back, and the next `startNext` or `repair` takes it up.
   */
  async startNext(work: LongWork<P>): Promise<StartOutcome> {
    for (;;) {
      const outcome = await this.#underLease((lease) => this.#startHeld(lease, work));
      if (outcome === undefined) return 'elsewhere';
      // As in `drain`: others found the lease taken and left. Where a manifest is open its end goes on with what waits; but it may have
      // ended while this call held the lease.
      if ((await this.openManifest()) !== undefined || !(await this.#manifests.anyWaiting())) return outcome;
    }
  }

  async #startHeld(lease: Lease, work: LongWork<P>): Promise<StartOutcome> {
    const latest = await this.#manifests.latest();
    if (latest?.manifest.state === 'open') {
      if (latest.manifest.claimedAt !== null) return 'running';
      return (await this.#jobs.repair(work)) === 'restarted' ? 'started' : 'running';
    }
    if (this.#options.settle && this.#options.settle.ms > 0) {
      await settle(() => this.#store.waiting(DEFAULT_MAX_ARRIVALS), this.#options.settle, this.#clock, lease.lost);
      if (!(await lease.renew())) return 'running';
    }
    const opened = await this.#manifests.open(latest);
    if (!opened) return 'nothing-waits';
    await this.#jobs.launch(opened, work);
    return 'started';
  }

  /**
   * Takes a job's report. A report that comes twice, or from an attempt that was given up meanwhile, changes nothing. Afterwards `startNext` goes on with
   * what waits.
   */
  async finish(manifestId: string, attempt: number, failure: Failure | null): Promise<FinishOutcome> {
    const number = this.#store.names.numberOf(manifestId);
    const found = number === undefined ? undefined : await this.#store.readManifest(number);
    if (found?.manifest.state !== 'open' || found.manifest.attempt !== attempt) return 'stale';
    const ended = await this.#manifests.end(found, failure ? 'failed' : 'done', failure);
    return ended ? 'ended' : 'stale';
  }

  /**
   * Takes the report of a job that could not do its work, for a reason that may pass (a service was restarting). The manifest stays open, and the next
   * `repair` starts it again. `exhausted`: that was its last attempt, and the caller ends it with `finish`.
   */
  async giveBack(manifestId: string, attempt: number): Promise<'again' | 'exhausted' | 'stale'> {
    const number = this.#store.names.numberOf(manifestId);
    const found = number === undefined ? undefined : await this.#store.readManifest(number);
    if (found?.manifest.state !== 'open' || found.manifest.attempt !== attempt) return 'stale';
    if (found.manifest.counted >= this.#jobs.maxAttempts) return 'exhausted';
    return (await this.#manifests.change(found, { claimedAt: null })) ? 'again' : 'stale';
  }

  /** Looks after a job that may have died without reporting, then starts what waits. Where nothing does it costs one listing. */
  async repair(work: LongWork<P>): Promise<RepairOutcome> {
    if (await this.isIdle()) return 'nothing-to-do';
    const outcome = await this.#jobs.repair(work);
    if (outcome !== 'ended' && outcome !== 'nothing-open') return outcome;
    const next = await this.startNext(work);
    if (outcome === 'ended') return outcome;
    return next === 'started' ? next : next === 'nothing-waits' ? 'nothing-to-do' : 'running';
  }

  /** The open manifest, if there is one. */
  async openManifest(): Promise<Manifest<P> | undefined> {
    const latest = await this.#manifests.latest();
    return latest?.manifest.state === 'open' ? latest.manifest : undefined;
  }

  /** The result of `work`; undefined where somebody else holds the lease. */
  async #underLease<T>(work: (lease: Lease) => Promise<T>): Promise<T | undefined> {
    const { lake, bucket } = this.#options;
    const terms = { holder: this.#newId(), ttlMs: this.#options.leaseMs ?? DEFAULT_LEASE_MS };
    const lease = await Lease.acquire({ lake, bucket, clock: this.#clock }, this.#store.names.lease, terms);
    count('tributary.commit.lease', 1, { commit: this.name, outcome: lease ? 'taken' : 'elsewhere' });
    if (!lease) return undefined;
    const taken = this.#clock.now();
    try {
      return await lease.keepDuring(() => work(lease));
    } finally {
      measure('tributary.commit.held', (this.#clock.now() - taken) / 1_000, { commit: this.name });
      // An error here would hide the work's own; a lease that is not released expires.
      await lease.release().catch(() => undefined);
    }
  }
}
