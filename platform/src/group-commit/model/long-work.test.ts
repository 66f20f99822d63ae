import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TransientError } from '../../errors/index.ts';
import type { ExecutionState } from '../../jobs/port.ts';
import type { GroupCommit, LongWork } from '../index.ts';
import { anyProcess, anySettings, LONG_ENOUGH_MS, PLAIN, passingTime, RUNS, soundProcess, World } from './world.ts';

interface Execution {
  readonly manifest: string;
  readonly attempt: number;
  state: ExecutionState;
}

/** What a job does next: it reports well, reports that it failed, dies without a word, is told of twice, or goes on. */
const fates = ['well', 'failed', 'dead', 'twice', 'goes-on'] as const;
type Fate = (typeof fates)[number];

/** Cloud Run, and what its jobs say of themselves. */
class Jobs {
  readonly executions = new Map<string, Execution>();
  /** What each manifest's runs were asked to do. */
  readonly asked = new Map<string, string[]>();
  #refusals: number;

  constructor(refusals = 0) {
    this.#refusals = refusals;
  }

  work(step: () => Promise<void> = async () => undefined): LongWork<object> {
    return {
      start: async ({ id, attempt, arrivals }) => {
        await step();
        this.#refusals -= 1;
        if (this.#refusals >= 0) throw new TransientError('JOBS_UNAVAILABLE', 'no answer');
        const ids = arrivals.map((arrival) => arrival.id);
        expect(this.asked.get(id) ?? ids).toEqual(ids);
        this.asked.set(id, ids);
        const name = `exec-${this.executions.size + 1}`;
        this.executions.set(name, { manifest: id, attempt, state: 'running' });
        await step();
        return name;
      },
      state: async (execution) => {
        await step();
        return this.executions.get(execution)?.state ?? 'unknown';
      },
      failed: async ({ id, arrivals }) => {
        await step();
        this.asked.set(
          id,
          arrivals.map((arrival) => arrival.id),
        );
      },
    };
  }

  running(): Execution[] {
    return [...this.executions.values()].filter(({ state }) => state === 'running');
  }

  /** One job comes to something, and a process is told. Every now and then an old report comes again, late. */
  async report(commit: GroupCommit<object>, fate: Fate, step: () => Promise<void>): Promise<void> {
    const execution = this.running()[0];
    const late = [...this.executions.values()].find(({ state }) => state === 'succeeded');
    if (late) await commit.finish(late.manifest, late.attempt, null);
    if (!execution || fate === 'goes-on') return;
    const { manifest, attempt } = execution;
    execution.state = fate === 'well' || fate === 'twice' ? 'succeeded' : 'failed';
    if (fate === 'dead') return;
    if (fate === 'failed') {
      if ((await commit.giveBack(manifest, attempt)) === 'again') return;
      await commit.finish(manifest, attempt, { code: 'JOB_FAILED', message: '' });
    } else {
      await commit.finish(manifest, attempt, null);
      if (fate === 'twice') await commit.finish(manifest, attempt, null);
    }
    await commit.startNext(this.work(step));
  }
}

describe('whatever the order of events, crashes, outages, repeats and clocks, long work', () => {
  test('is asked for once for every arrival or given up aloud, one run at a time', async () => {
    const plan = fc.record({ processes: fc.array(anyProcess, { minLength: 1, maxLength: 4 }), time: passingTime });
    const anyFates = fc.infiniteStream(fc.constantFrom(...fates));
    await fc.assert(
      fc.asyncProperty(
        ...([fc.scheduler(), plan, anySettings, anyFates, fc.integer({ min: 0, max: 3 })] as const),
        async (scheduler, given, settings, fate, refusals) => {
          const world = new World(settings);
          const jobs = new Jobs(refusals);
          await world.play(scheduler, given, async (commit, step) => {
            await commit.startNext(jobs.work(step));
            await jobs.report(commit, fate.next().value, step);
            await commit.repair(jobs.work(step));
          });

          // Nobody dies any more: jobs end well, some without a word, and the sweep comes by now and then.
          const last = world.commit();
          for (let ticks = 0; ticks < 200 && !(await last.isIdle()); ticks += 1) {
            world.clock.advance(LONG_ENOUGH_MS);
            await last.repair(jobs.work()).catch(() => undefined);
            for (const execution of jobs.running()) {
              execution.state = 'succeeded';
              if (ticks % 2 === 0) await last.finish(execution.manifest, execution.attempt, null);
            }
          }
          world.clock.advance(LONG_ENOUGH_MS);
          await world.expectQuiet();
          const asked = [...jobs.asked.values()].flat();
          for (const id of world.recorded) expect(asked).toContain(id);
          const ids = world.invariants.done().flatMap(({ arrivals }) => arrivals.map(({ id }) => id));
          if (settings.keep === 50 && settings.remembers) expect(new Set(ids).size).toBe(ids.length);
        },
      ),
      { numRuns: RUNS },
    );
  }, 300_000);

  test('leaves nothing for a tick where nobody dies and jobs report: whoever leaves relied on one who stays', async () => {
    const processes = fc.array(soundProcess, { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), processes, async (scheduler, given) => {
        const world = new World(PLAIN);
        const jobs = new Jobs();
        // Reports come while others start, and to other processes than those that started the job.
        const cloud = async (commit: GroupCommit<object>, step: () => Promise<void>) => {
          await commit.startNext(jobs.work(step));
          await jobs.report(commit, 'well', step);
        };
        await world.play(scheduler, { processes: given, time: [] }, cloud);
        const last = world.commit();
        for (let turns = 0; turns < 10; turns += 1) await jobs.report(last, 'well', async () => undefined);
        await world.expectQuiet();
        expect([...jobs.asked.values()].flat().sort()).toEqual([...world.recorded].sort());
      }),
      { numRuns: RUNS },
    );
  }, 300_000);
});
