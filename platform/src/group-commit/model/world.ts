import { expect } from '@jest/globals';
import fc, { type Scheduler } from 'fast-check';
import { z } from 'zod';
import { TransientError } from '../../errors/index.ts';
import { GroupCommit, type GroupCommitOptions, inspectCommits } from '../index.ts';
import { type Interference, ManualClock, MemoryLake } from '../testing/index.ts';
import { Invariants } from './invariants.ts';

const BUCKET = 'lake';
export const LEASE_MS = 15_000;
const DAY_MS = 86_400_000;
/** After so long nobody who died holds anything up: a lease, a start that was not confirmed, a report under way, each by whatever clock. */
export const LONG_ENOUGH_MS = LEASE_MS * 4 + 120_000;

/** How many runs each property gets; more by hand: `MODEL_RUNS=20000`. A failure prints its seed and path. */
export const RUNS = Number(process.env.MODEL_RUNS ?? 200);

export class Died extends Error {}

/** What befalls one request of a process: it dies there, or the lake does not answer; before or after the request took effect. */
interface Mishap {
  readonly step: number;
  readonly after: boolean;
}

/** A process that is told of events. */
export interface ProcessPlan {
  /** What its events tell of, and after how many steps of others. Few ids, so that the same event often comes twice, at once and later, here and there. */
  readonly events: readonly { readonly id: number; readonly after: number }[];
  /** As concurrent requests, or one after the other. */
  readonly together: boolean;
  /** By how much its clock is ahead. */
  readonly skewMs: number;
  readonly death: Mishap | undefined;
  readonly outages: readonly Mishap[];
}

const mishap: fc.Arbitrary<Mishap> = fc.record({ step: fc.integer({ min: 1, max: 60 }), after: fc.boolean() });

export const anyProcess: fc.Arbitrary<ProcessPlan> = fc.record({
  events: fc.array(fc.record({ id: fc.integer({ min: 0, max: 5 }), after: fc.constantFrom(0, 0, 5, 20, 40) }), {
    minLength: 1,
    maxLength: 4,
  }),
  together: fc.boolean(),
  // Also by more than a lease, so that two believe to hold it; and by days.
  skewMs: fc.constantFrom(0, 0, 0, 5_000, -20_000, 40_000, DAY_MS, -DAY_MS),
  death: fc.option(mishap, { nil: undefined }),
  outages: fc.array(mishap, { maxLength: 2 }),
});

/** Nothing happens to it. */
export const soundProcess = anyProcess.map((plan) => ({ ...plan, skewMs: 0, death: undefined, outages: [] }));

export const passingTime = fc.array(fc.constantFrom(100, 6_000, 20_000, 70_000), { maxLength: 6 });

export const anySettings = fc.record({
  tokens: fc.constantFrom('version' as const, 'content' as const),
  // With so few kept, numbers are pruned while somebody pauses.
  keep: fc.constantFrom(2, 50),
  carryFailed: fc.boolean(),
  /** Whether what was done tells repeats of an id; else only what a crash left behind is known. */
  remembers: fc.boolean(),
});

export type Settings = typeof anySettings extends fc.Arbitrary<infer S> ? S : never;
export const PLAIN: Settings = { tokens: 'version', keep: 50, carryFailed: true, remembers: true };

/** One lake and one time, in which processes come and go. */
export class World {
  readonly lake: MemoryLake;
  readonly clock = new ManualClock();
  readonly invariants = new Invariants();
  /** Ids whose record was acknowledged. */
  readonly recorded = new Set<string>();
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
    // Two objects a page: whoever lists sees one part sooner than the other.
    this.lake = new MemoryLake(undefined, { tokens: settings.tokens, pageSize: 2, watch: this.invariants.watch });
  }

  commit(options: Partial<GroupCommitOptions<object>> = {}): GroupCommit<object> {
    const { keep, carryFailed, remembers } = this.#settings;
    return new GroupCommit<object>({
      ...{ lake: this.lake, bucket: BUCKET, name: 'c', payload: z.object({}), clock: this.clock },
      ...{ leaseMs: LEASE_MS, maxArrivals: 2, maxAttempts: 2, keep, carryFailed, remember: remembers ? keep : 0 },
      ...options,
    });
  }

  /** Runs the plan: every process records what its events tell of and acts after each, while time passes. Whoever dies is gone. */
  async play(
    scheduler: Scheduler,
    { processes, time }: { readonly processes: readonly ProcessPlan[]; readonly time: readonly number[] },
    act: (commit: GroupCommit<object>, step: () => Promise<void>) => Promise<unknown>,
  ): Promise<void> {
    const actors = processes.map(async (plan, index) => {
      const interference = stepsOf(scheduler, `p${index}`, plan);
      const commit = this.commit({
        lake: this.lake.seenThrough(interference),
        clock: this.clock.skewed(plan.skewMs),
      });
      const step = async () => {
        await interference('before', 'read', 'its work');
        await interference('after', 'read', 'its work');
      };
      const handle = async ({ id, after }: ProcessPlan['events'][number]) => {
        for (let n = 0; n < after; n += 1)
          await scheduler.schedule(Promise.resolve(), `an event for p${index} is on its way`);
        await this.#deliver(commit, `a${id}`, () => act(commit, step));
      };
      if (plan.together) await Promise.all(plan.events.map(handle));
      else for (const event of plan.events) await handle(event);
    });
    const passing = (async () => {
      for (const milliseconds of time) {
        await scheduler.schedule(Promise.resolve(), `${milliseconds} ms pass`);
        this.clock.advance(milliseconds);
      }
    })();
    await scheduler.waitFor(Promise.all([...actors, passing]));
  }

  /** An event is delivered until it is taken, as long as the process lives. */
  async #deliver(commit: GroupCommit<object>, id: string, act: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await commit.record(id, {});
        this.recorded.add(id);
        await act();
        return;
      } catch (error) {
        if (error instanceof Died || !(error instanceof TransientError)) return;
      }
    }
  }

  /** Nothing waits, nothing is open, nobody holds the lease, and nothing was ever out of order. */
  async expectQuiet(): Promise<void> {
    expect(this.invariants.violations).toEqual([]);
    for (const state of await inspectCommits(this.lake, BUCKET, this.clock)) {
      expect(state).toEqual({ name: 'c', waiting: 0, openManifest: undefined, leaseHeld: false });
    }
  }
}

/** Every request of a process waits for the scheduler, which decides who goes next, and so does every answer: others act between an effect and what follows. */
function stepsOf(scheduler: Scheduler, name: string, { death, outages }: ProcessPlan): Interference {
  let steps = 0;
  const befalls = (mishap: Mishap, moment: 'before' | 'after') =>
    mishap.step === steps && mishap.after === (moment === 'after');
  return async (moment, operation, object) => {
    if (moment === 'before') {
      steps += 1;
      if (death && steps > death.step) throw new Died();
      await scheduler.schedule(Promise.resolve(), `${name} ${operation} ${object}`);
    } else await scheduler.schedule(Promise.resolve(), `${name} has its answer`);
    if (death && befalls(death, moment)) throw new Died();
    if (outages.some((outage) => befalls(outage, moment))) throw new TransientError('LAKE_UNAVAILABLE', 'no answer');
  };
}
