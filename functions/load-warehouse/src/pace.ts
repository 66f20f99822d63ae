import type { Clock, Pace, Paced } from '@tributary/platform/group-commit';
import { stretchedSpacing } from './budget.ts';
import type { TableJobs } from './table-jobs.ts';

/** So many arrivals since the last load are a burst; a pipeline that flushes now and then brings fewer at a time. */
const BURST_ARRIVALS = 50;
/** A burst is over when nothing new has come for so long. */
const QUIET_MS = 1_000;
/** A burst that does not end is loaded in parts. */
const MAX_GATHER_MS = 30_000;

export interface LoadPaceOptions {
  readonly clock: Clock;
  readonly jobs: Pick<TableJobs, 'standing'>;
  /** Between the starts of two loads, at least. */
  readonly spacingMs: number;
}

/**
 * When the next load of a table may begin.
 *
 * - What comes while nothing else does is loaded at once.
 * - Two loads are at least the configured spacing apart, and further the more of the day's budget is spent.
 * - A burst is waited out, for half a minute at most: thousands of small objects become one job and not ten.
 * - When the budget is spent, what arrives waits.
 */
export class LoadPace implements Pace {
  readonly #options: LoadPaceOptions;
  #gathering: { readonly since: number; readonly seen: number } | undefined;
  #lastWaitMs = 0;

  constructor(options: LoadPaceOptions) {
    this.#options = options;
  }

  /** What `waitMs` said last. */
  get lastWaitMs(): number {
    return this.#lastWaitMs;
  }

  async waitMs(paced: Paced): Promise<number> {
    this.#lastWaitMs = await this.#wait(paced);
    return this.#lastWaitMs;
  }

  async #wait({ openedAt, waiting }: Paced): Promise<number> {
    const { clock, jobs, spacingMs } = this.#options;
    const standing = await jobs.standing();
    if (standing.left === 0) return standing.refillsInMs;
    if (openedAt !== undefined) {
      // By another's clock the last load may be of the future; it is not.
      const sinceLast = Math.max(0, clock.now() - openedAt);
      const rest = Math.max(spacingMs, stretchedSpacing(standing)) - sinceLast;
      if (rest > 0) return rest;
    }
    return this.#gather(await waiting(), clock.now());
  }

  #gather(waiting: number, now: number): number {
    const { since = now, seen = 0 } = this.#gathering ?? {};
    if (waiting < BURST_ARRIVALS || waiting === seen || now - since >= MAX_GATHER_MS) {
      this.#gathering = undefined;
      return 0;
    }
    this.#gathering = { since, seen: waiting };
    return QUIET_MS;
  }
}
