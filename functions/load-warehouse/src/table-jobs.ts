import { TransientError, TributaryError } from '@tributary/platform/errors';
import { isPreconditionFailed } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import { z } from 'zod';
import { type BudgetStanding, LoadBudgetSpent, standing, withJob } from './budget.ts';

/** Jobs that are not counted again when a crash makes them be asked for again: more than one manifest needs. */
const REMEMBERED_JOBS = 200;
/** Others who change the same object each make progress; so many in a row do not happen. */
const WRITE_TRIES = 20;
/** The incident ends once so much of the budget is back, so that the next few jobs do not open it again. */
const CLEARED_BELOW = 0.9;

const stateSchema = z.object({
  hours: z.array(z.object({ start: z.number(), jobs: z.int().min(1) })),
  /** Ids of the last jobs, the newest last. */
  recent: z.array(z.string()),
  /** Who may begin jobs: the manifest's attempt that came last. */
  claim: z.string().nullable(),
  /** The job begun last, and which objects of its manifest it takes. */
  last: z.object({ manifest: z.string(), jobId: z.string(), objects: z.array(z.tuple([z.int(), z.int()])) }).nullable(),
  /** When people were told that the budget is spent; null while it is not. */
  toldAt: z.string().nullable(),
  /** Whether people were told that a manifest was given up, or cannot go on, and none was loaded since. */
  givenUp: z.boolean(),
});

type State = z.output<typeof stateSchema>;

/** From and to, both included, of places in a list. */
export type Places = readonly (readonly [number, number])[];

const UNUSED: State = { hours: [], recent: [], claim: null, last: null, toldAt: null, givenUp: false };

export interface TableJobsOptions {
  readonly lake: Lake;
  readonly bucket: string;
  readonly stream: string;
  /** The budget: load jobs in any 24 hours. */
  readonly jobsPerDay: number;
  readonly now: () => number;
}

/**
 * The load jobs of a stream's table, over all instances: how many may still be begun, and which was begun last. One object, `control/loads/<stream>.jobs.json`, changed by
 * conditional writes only.
 *
 * **Budget.** A job is counted before it begins, failed ones too, as BigQuery does. Whoever dies in between has spent one that was not used.
 *
 * **Exactly once.** A job is noted here before it begins, and its objects are in the ledger before the next one begins. So after a crash there is at most one job of which
 * nobody knows what became: the last one noted. Whoever goes on asks for that job first, under its id. A process that slept through its lease cannot begin another one, for
 * its claim is no longer the one noted here.
 */
export class TableJobs {
  readonly #options: TableJobsOptions;
  readonly #name: string;
  /** As this process last knew it: most often it is still so, and a write under its token tells. */
  #known: { readonly state: State; readonly token: string | undefined } | undefined;

  constructor(options: TableJobsOptions) {
    this.#options = options;
    this.#name = `control/loads/${options.stream}.jobs.json`;
  }

  /** From now on only this claim may begin jobs. Resolves with the job that was begun last, whoever did. */
  async claim(claim: string): Promise<State['last']> {
    // Another process may have begun one: what this one knows is not enough.
    await this.#read();
    return (await this.#change((state) => (state.claim === claim ? undefined : { ...state, claim }))).last;
  }

  /**
   * Notes a job that is about to begin, and takes it from the budget. The same id again, lately, is the same job.
   *
   * @throws {LoadBudgetSpent} where none is left
   * @throws {TransientError} LOAD_TAKEN_OVER where another attempt has claimed the table's jobs
   */
  async take(claim: string, job: { readonly manifest: string; readonly jobId: string; readonly objects: Places }) {
    const { stream, now } = this.#options;
    await this.#change((state) => {
      if (state.claim !== claim) {
        throw new TransientError('LOAD_TAKEN_OVER', `Another instance goes on with ${job.manifest}.`);
      }
      const last = { ...job, objects: job.objects.map(([from, to]): [number, number] => [from, to]) };
      if (state.recent.includes(job.jobId)) return state.last?.jobId === job.jobId ? undefined : { ...state, last };
      const budget = this.#standing(state);
      if (budget.left === 0) throw new LoadBudgetSpent(stream, budget);
      const recent = [...state.recent, job.jobId].slice(-REMEMBERED_JOBS);
      return { ...state, hours: withJob(state.hours, now()), recent, last };
    });
  }

  async standing(): Promise<BudgetStanding> {
    return this.#standing((await this.#read()).state);
  }

  /** Tells people once that the budget is spent, and once that it is no longer. Whoever dies between telling and noting it tells it again. */
  async tell(news: {
    readonly spent: (standing: BudgetStanding) => Promise<void>;
    readonly back: () => Promise<void>;
  }) {
    const { state } = this.#known ?? (await this.#read());
    const budget = this.#standing(state);
    if (state.toldAt === null && budget.left === 0) {
      await news.spent(budget);
      const toldAt = new Date(this.#options.now()).toISOString();
      await this.#change((current) => (current.toldAt === null ? { ...current, toldAt } : undefined));
    } else if (state.toldAt !== null && budget.spent <= budget.limit * CLEARED_BELOW) {
      await news.back();
      await this.#change((current) => (current.toldAt === null ? undefined : { ...current, toldAt: null }));
    }
  }

  /** Whether people were told that loads of the stream do not go on, and not yet that they do. */
  async isGivenUp(): Promise<boolean> {
    return (this.#known ?? (await this.#read())).state.givenUp;
  }

  /** Notes what `isGivenUp` says; after it was told, for whoever dies in between tells it again. */
  async noteGivenUp(givenUp: boolean): Promise<void> {
    await this.#change((state) => (state.givenUp === givenUp ? undefined : { ...state, givenUp }));
  }

  #standing({ hours }: State): BudgetStanding {
    return standing(hours, this.#options.jobsPerDay, this.#options.now());
  }

  async #read(): Promise<{ readonly state: State; readonly token: string | undefined }> {
    const { lake, bucket } = this.#options;
    const found = await lake.read(bucket, this.#name);
    this.#known = found
      ? { state: parseState(this.#name, found.body), token: found.object.token }
      : { state: UNUSED, token: undefined };
    return this.#known;
  }

  /**
   * @param change what the state is to be, or undefined to leave it; asked again where another has written meanwhile
   * @returns the state before
   */
  async #change(change: (state: State) => State | undefined): Promise<State> {
    const { lake, bucket } = this.#options;
    for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
      const { state: before, token: seen } = this.#known ?? (await this.#read());
      const state = change(before);
      if (!state) return before;
      this.#known = undefined;
      try {
        const { token } = await lake.write(bucket, this.#name, JSON.stringify(state), {
          ...(seen === undefined ? { ifAbsent: true } : { ifMatch: seen }),
          contentType: 'application/json',
        });
        this.#known = { state, token };
        return before;
      } catch (error) {
        if (!isPreconditionFailed(error)) throw error;
      }
    }
    throw new TransientError(
      'LOAD_BUSY',
      `${this.#name} changes faster than this process can write it; come back later.`,
    );
  }
}

function parseState(name: string, body: Buffer): State {
  try {
    return stateSchema.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    throw new TributaryError(
      'CONTROL_UNREADABLE',
      'bug',
      `${name} in the lake is not what load-warehouse writes. Look at it, and remove it while nothing is loaded: the jobs of the last day are counted anew then.`,
      { cause: error },
    );
  }
}

/** Places of some of a list's items, as few ranges. */
export function placesOf<T>(list: readonly T[], some: readonly T[]): Places {
  const chosen = new Set(some);
  const places: [number, number][] = [];
  list.forEach((item, index) => {
    if (!chosen.has(item)) return;
    const current = places.at(-1);
    if (current && current[1] === index - 1) current[1] = index;
    else places.push([index, index]);
  });
  return places;
}

/** The items at those places. */
export function itemsAt<T>(list: readonly T[], places: Places): T[] {
  return places.flatMap(([from, to]) => list.slice(from, to + 1));
}
