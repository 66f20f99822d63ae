import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, GroupCommit, type GroupCommitOptions, systemClock } from '@tributary/platform/group-commit';
import { z } from 'zod';
import type { LoadBudgetSpent } from './budget.ts';
import { type LoadObject, loadObjectSchema, objectId, sha256 } from './object.ts';
import { LoadPace } from './pace.ts';
import { TableJobs } from './table-jobs.ts';

/** What one arrival carries: objects whose events this process received at about the same time. */
const arrivalSchema = z.object({ objects: z.array(loadObjectSchema).min(1) });
export type LoadArrival = z.output<typeof arrivalSchema>;

/** The commit of a stream has this name and the stream's. */
export const LOAD_COMMIT = 'load-';

/** One write for as many objects, at most; an arrival stays a small object. */
const MAX_OBJECTS_PER_ARRIVAL = 500;

/** What comes so soon after a write goes with the next one: thousands of events make hundreds of writes, and each object to list and read later is one less. */
const GATHER_MS = 25;

/** A manifest that fails for good so many times is given up, unless nobody knows yet what became of its last job. */
export const LOAD_ATTEMPTS = 5;

/** How long one event's request goes on loading what others brought, beside a few waits for spacing: events behind it may wait for its answer. */
const DRAIN_BUDGET_MS = 60_000;

/** A spent budget is looked at again so often: another instance may have found some of it back by its own clock. */
const MAX_SPENT_PAUSE_MS = 10 * 60_000;

export interface StreamCommitOptions
  extends Pick<GroupCommitOptions<LoadArrival>, 'lake' | 'bucket' | 'clock' | 'newId' | 'leaseMs'> {
  readonly spacingMs: number;
  readonly jobsPerDay: number;
}

/** The arrivals of one stream, and the jobs that they become. */
export class StreamArrivals {
  readonly commit: GroupCommit<LoadArrival>;
  readonly jobs: TableJobs;
  readonly #pace: LoadPace;
  readonly #budgetMs: number;
  readonly #bucket: string;
  readonly #clock: Clock;
  #spentUntil = Number.NEGATIVE_INFINITY;
  #pending: { object: LoadObject; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #writing = false;

  constructor(stream: string, options: StreamCommitOptions) {
    const { lake, bucket, clock = systemClock, spacingMs, jobsPerDay } = options;
    this.#bucket = bucket;
    this.#clock = clock;
    this.#budgetMs = DRAIN_BUDGET_MS + 3 * spacingMs;
    this.jobs = new TableJobs({ lake, bucket, stream, jobsPerDay, now: () => clock.now() });
    this.#pace = new LoadPace({ clock, jobs: this.jobs, spacingMs });
    this.commit = new GroupCommit<LoadArrival>({
      ...options,
      name: `${LOAD_COMMIT}${stream}`,
      payload: arrivalSchema,
      pace: this.#pace,
      // A burst's, of a few objects each; more than one job can take become several jobs.
      maxArrivals: 5_000,
      // The ledger of loads knows what is done, and for ever.
      remember: 0,
      // A group that failed for good would take the next one down with it; the sweep brings its objects back.
      carryFailed: false,
      maxAttempts: LOAD_ATTEMPTS,
      budgetMs: this.#budgetMs,
    });
  }

  /** Whether what waits becomes due within the time that one call goes on. */
  isDueSoon(): boolean {
    return !this.isSpent() && this.#pace.lastWaitMs < this.#budgetMs;
  }

  /** Whether, as this process met it, the budget is spent in the middle of a manifest: to go on now would ask the ledger, which is billed, and begin nothing. */
  isSpent(): boolean {
    return this.#clock.now() < this.#spentUntil;
  }

  /** Lets the stream rest until some of the budget is back, ten minutes at most. */
  restAfter({ refillsInMs }: LoadBudgetSpent): void {
    this.#spentUntil = this.#clock.now() + Math.min(refillsInMs, MAX_SPENT_PAUSE_MS);
  }

  /**
   * Resolves once the object is on record. While one write is under way, and right after it, objects gather for the next; a single one waits for nothing.
   */
  record(object: LoadObject): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ object, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, MAX_OBJECTS_PER_ARRIVAL);
      try {
        await this.recordAll(batch.map(({ object }) => object));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      await delay(GATHER_MS);
    }
    this.#writing = false;
  }

  /** Puts objects that the sweep found on record. */
  async recordMissed(objects: readonly LoadObject[]): Promise<void> {
    for (let from = 0; from < objects.length; from += MAX_OBJECTS_PER_ARRIVAL) {
      await this.recordAll(objects.slice(from, from + MAX_OBJECTS_PER_ARRIVAL));
    }
  }

  /** Puts the objects on record as one arrival. */
  async recordAll(objects: readonly LoadObject[]): Promise<void> {
    const ids = objects.map((object) => objectId(this.#bucket, object));
    await this.commit.record(sha256([...new Set(ids)].sort().join('\n')), { objects: [...objects] });
  }
}
