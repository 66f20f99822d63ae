import { describe, expect, test } from '@jest/globals';
import fc, { type Scheduler } from 'fast-check';
import { z } from 'zod';
import type { ExecutionState } from '../jobs/port.ts';
import { GroupCommit, type InlineWork, type LongWork } from './index.ts';
import { type Interference, ManualClock, MemoryLake } from './testing/index.ts';

const BUCKET = 'lake';
const LEASE_MS = 15_000;

/** A process that brings some arrivals and may die at any of its steps, before or after the step takes effect. */
interface ProcessPlan {
  readonly ids: readonly number[];
  readonly skewMs: number;
  readonly diesAt: number | undefined;
  readonly diesAfterEffect: boolean;
}

const processPlan: fc.Arbitrary<ProcessPlan> = fc.record({
  // Few ids, so that the same event often comes twice, at once and later.
  ids: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }),
  // Clocks that are off by more than a lease: two may believe to hold it.
  skewMs: fc.constantFrom(0, 0, 5_000, -20_000, 40_000),
  diesAt: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  diesAfterEffect: fc.boolean(),
});

const plan = fc.record({
  processes: fc.array(processPlan, { minLength: 1, maxLength: 4 }),
  /** How time passes meanwhile. */
  steps: fc.array(fc.constantFrom(100, 6_000, 20_000), { maxLength: 6 }),
});

class Died extends Error {}

/** Every step of a process waits for the scheduler, which decides who goes next. */
function stepsOf(scheduler: Scheduler, name: string, { diesAt, diesAfterEffect }: ProcessPlan): Interference {
  let steps = 0;
  return async (moment, operation, object) => {
    if (moment === 'before') {
      steps += 1;
      if (diesAt !== undefined && steps > diesAt) throw new Died();
      await scheduler.schedule(Promise.resolve(), `${name} ${operation} ${object}`);
    }
    if (steps === diesAt && (moment === 'after') === diesAfterEffect) throw new Died();
  };
}

interface World {
  readonly scheduler: Scheduler;
  readonly lake: MemoryLake;
  readonly clock: ManualClock;
  /** Ids whose record was acknowledged. */
  readonly recorded: Set<string>;
}

function commitOf({ lake, clock }: World, settings: { maxArrivals?: number } = {}) {
  const payload = z.object({});
  return new GroupCommit<object>({ lake, bucket: BUCKET, name: 'c', payload, clock, leaseMs: LEASE_MS, ...settings });
}

/** Runs the plan: every process records its arrivals and acts after each, while time passes. Whoever dies is gone. */
async function play(
  world: World,
  { processes, steps }: { processes: readonly ProcessPlan[]; steps: readonly number[] },
  act: (commit: GroupCommit<object>, step: () => Promise<void>) => Promise<unknown>,
): Promise<void> {
  const { scheduler, lake, clock, recorded } = world;
  const actors = processes.map(async (process, index) => {
    const interference = stepsOf(scheduler, `p${index}`, process);
    const commit = commitOf(
      { ...world, lake: lake.seenThrough(interference), clock: clock.skewed(process.skewMs) },
      { maxArrivals: 2 },
    );
    const step = async () => {
      await interference('before', 'read', 'its work');
      await interference('after', 'read', 'its work');
    };
    try {
      for (const id of process.ids) {
        await commit.record(`a${id}`, {});
        recorded.add(`a${id}`);
        await act(commit, step);
      }
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
  });
  const time = (async () => {
    for (const step of steps) {
      await scheduler.schedule(Promise.resolve(), `${step} ms pass`);
      clock.advance(step);
    }
  })();
  await scheduler.waitFor(Promise.all([...actors, time]));
}

function newWorld(scheduler: Scheduler): World {
  return { scheduler, lake: new MemoryLake(), clock: new ManualClock(), recorded: new Set() };
}

describe('whatever the order of events, crashes, repeats and clocks', () => {
  test('inline work takes effect exactly once for every arrival, and nothing is stranded after a last tick', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plan, async (scheduler, given) => {
        const world = newWorld(scheduler);
        /** What each manifest did; a repeat under the same id is the same work. */
        const effects = new Map<string, string>();
        const work = (step: () => Promise<void>): InlineWork<object> => ({
          async run({ id, arrivals }) {
            await step();
            const ids = arrivals.map((arrival) => arrival.id).join(' ');
            expect(effects.get(id) ?? ids).toBe(ids);
            effects.set(id, ids);
            await step();
          },
          failed: async () => expect('no work fails here').toBe(''),
        });
        await play(world, given, (commit, step) => commit.drain(work(step)));

        world.clock.advance(LEASE_MS + 60_000);
        const last = commitOf(world);
        await last.drain(work(async () => undefined));
        expect(await last.isIdle()).toBe(true);
        const done = [...effects.values()].flatMap((ids) => ids.split(' '));
        // A record whose answer was lost may have taken effect, too.
        for (const id of world.recorded) expect(done).toContain(id);
        expect(new Set(done).size).toBe(done.length);
      }),
      { numRuns: 400 },
    );
  });

  test('where nobody dies nothing waits for a tick: whoever leaves relied on one who stays', async () => {
    const alive = fc.array(
      processPlan.map((process) => ({ ...process, skewMs: 0, diesAt: undefined })),
      { minLength: 2, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), alive, async (scheduler, processes) => {
        const world = newWorld(scheduler);
        const done = new Set<string>();
        const work = (step: () => Promise<void>): InlineWork<object> => ({
          async run({ arrivals }) {
            await step();
            for (const { id } of arrivals) done.add(id);
          },
          failed: async () => expect('no work fails here').toBe(''),
        });
        await play(world, { processes, steps: [] }, (commit, step) => commit.drain(work(step)));
        expect(await commitOf(world).isIdle()).toBe(true);
        expect(done).toEqual(world.recorded);
      }),
      { numRuns: 400 },
    );
  });

  test('long work covers every arrival, each in one manifest, with one run at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plan, fc.infiniteStream(fc.boolean()), async (scheduler, given, dice) => {
        const world = newWorld(scheduler);
        const executions = new Map<string, { manifest: string; attempt: number; state: ExecutionState }>();
        const covered = new Map<string, string>();
        const gaveUp: string[] = [];
        const work = (step: () => Promise<void>): LongWork<object> => ({
          async start({ id, attempt, arrivals }) {
            await step();
            const ids = arrivals.map((arrival) => arrival.id).join(' ');
            expect(covered.get(id) ?? ids).toBe(ids);
            covered.set(id, ids);
            const name = `exec-${executions.size + 1}`;
            executions.set(name, { manifest: id, attempt, state: 'running' });
            await step();
            return name;
          },
          state: async (execution) => executions.get(execution)?.state ?? 'unknown',
          failed: async ({ id }) => {
            gaveUp.push(id);
          },
        });
        const report = async (commit: GroupCommit<object>, step: () => Promise<void>) => {
          const [, execution] = [...executions].find(([, { state }]) => state === 'running') ?? [];
          if (!execution) return;
          const dies = dice.next().value;
          execution.state = dies ? 'failed' : 'succeeded';
          if (!dies) await commit.finish(execution.manifest, execution.attempt, null);
          await commit.startNext(work(step));
        };
        await play(world, given, async (commit, step) => {
          await commit.startNext(work(step));
          await report(commit, step);
        });

        // Then nobody dies any more: jobs report, and the sweep repairs.
        const last = commitOf(world);
        for (let tick = 0; tick < 40 && !(await last.isIdle()); tick += 1) {
          world.clock.advance(LEASE_MS + 120_000);
          await last.repair(work(async () => undefined));
          for (const execution of [...executions.values()].filter(({ state }) => state === 'running')) {
            execution.state = 'succeeded';
            await last.finish(execution.manifest, execution.attempt, null);
          }
        }
        expect(await last.isIdle()).toBe(true);
        const ids = [...covered.entries()].flatMap(([manifest, all]) =>
          gaveUp.includes(manifest) ? [] : all.split(' '),
        );
        for (const id of world.recorded) {
          const isToldAloud = gaveUp.some((manifest) => covered.get(manifest)!.split(' ').includes(id));
          expect(isToldAloud || ids.includes(id)).toBe(true);
        }
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 300 },
    );
  });
});
