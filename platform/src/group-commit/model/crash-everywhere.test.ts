import { describe, expect, test } from '@jest/globals';
import { UserError } from '../../errors/index.ts';
import type { ExecutionState } from '../../jobs/port.ts';
import type { GroupCommit, InlineWork, LongWork } from '../index.ts';
import type { Interference } from '../testing/index.ts';
import { Died, LONG_ENOUGH_MS, PLAIN, World } from './world.ts';

type Commit = GroupCommit<object>;

/** Where a process dies: at its n-th request, before or after that took effect. */
interface Death {
  readonly step: number;
  readonly moment: 'before' | 'after';
}

/** What a process does when it is told of the events; the same for each that is told, for events come again. */
interface Scenario {
  readonly name: string;
  act(commit: Commit, world: Cloud): Promise<void>;
  /** The sweep; called until nothing is left to do. */
  sweep(commit: Commit, world: Cloud): Promise<void>;
}

/** The work's effects, and jobs that outlive whoever started them. */
class Cloud {
  readonly effects = new Map<string, string[]>();
  readonly givenUp = new Map<string, string[]>();
  readonly executions = new Map<string, { manifest: string; attempt: number; state: ExecutionState }>();
  /** Manifests whose work is refused. */
  readonly refused = new Set<number>();
  /** What a process of the scenario asked for, before it died or not. */
  readonly recorded = new Set<string>();
  /** A step of a process that is not a request to the lake. */
  step: Interference = () => undefined;

  readonly inline: InlineWork<object> = {
    run: async ({ id, number, arrivals }) => {
      await this.#step();
      if (this.refused.has(number)) throw new UserError('REFUSED', 'it will never go well');
      this.#note(this.effects, id, arrivals);
      await this.#step();
    },
    failed: async ({ id, arrivals }) => {
      await this.#step();
      this.#note(this.givenUp, id, arrivals);
    },
  };

  readonly long: LongWork<object> = {
    start: async ({ id, attempt, arrivals }) => {
      await this.#step();
      this.#note(this.effects, id, arrivals);
      const name = `exec-${this.executions.size + 1}`;
      this.executions.set(name, { manifest: id, attempt, state: 'running' });
      await this.#step();
      return name;
    },
    state: async (execution) => this.executions.get(execution)?.state ?? 'unknown',
    failed: async ({ id, arrivals }) => {
      await this.#step();
      this.#note(this.givenUp, id, arrivals);
    },
  };

  async record(commit: Commit, id: string): Promise<void> {
    await commit.record(id, {});
    this.recorded.add(id);
  }

  running() {
    return [...this.executions.values()].filter(({ state }) => state === 'running');
  }

  async #step(): Promise<void> {
    await this.step('before', 'read', 'work');
    await this.step('after', 'read', 'work');
  }

  #note(where: Map<string, string[]>, manifest: string, arrivals: readonly { id: string }[]): void {
    const ids = arrivals.map(({ id }) => id);
    expect(where.get(manifest) ?? ids).toEqual(ids);
    where.set(manifest, ids);
  }
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'inline work over more arrivals than fit one manifest',
    async act(commit, cloud) {
      for (const id of ['a', 'b', 'a', 'c']) await cloud.record(commit, id);
      await commit.drain(cloud.inline);
    },
    sweep: async (commit, cloud) => void (await commit.drain(cloud.inline)),
  },
  {
    name: 'inline work that is given up, and what joins the next manifest',
    async act(commit, cloud) {
      cloud.refused.add(1);
      await cloud.record(commit, 'a');
      await commit.drain(cloud.inline).catch(rethrowDeath);
      await commit.drain(cloud.inline).catch(rethrowDeath);
      await cloud.record(commit, 'b');
      await commit.drain(cloud.inline);
    },
    sweep: async (commit, cloud) => void (await commit.drain(cloud.inline)),
  },
  {
    name: 'long work with its report, and what waits behind it',
    async act(commit, cloud) {
      await cloud.record(commit, 'a');
      await commit.startNext(cloud.long);
      await cloud.record(commit, 'b');
      await commit.startNext(cloud.long);
      await reportAll(commit, cloud);
      await commit.startNext(cloud.long);
    },
    sweep: sweepJobs,
  },
  {
    name: 'long work that reports a failure and is given back, and one that dies without a word',
    async act(commit, cloud) {
      await cloud.record(commit, 'a');
      await commit.startNext(cloud.long);
      for (const execution of cloud.running()) {
        execution.state = 'failed';
        if (execution.attempt === 1) await commit.giveBack(execution.manifest, execution.attempt);
      }
      await commit.repair(cloud.long);
      await commit.repair(cloud.long);
    },
    sweep: sweepJobs,
  },
];

function rethrowDeath(error: unknown): void {
  if (error instanceof Died) throw error;
}

async function reportAll(commit: Commit, cloud: Cloud): Promise<void> {
  for (const execution of cloud.running()) {
    execution.state = 'succeeded';
    await commit.finish(execution.manifest, execution.attempt, null);
  }
}

async function sweepJobs(commit: Commit, cloud: Cloud): Promise<void> {
  await commit.repair(cloud.long);
  await reportAll(commit, cloud);
}

/** One process after the other acts and dies as it is to; then the sweep comes by. Returns how many requests the last one made before the sweep. */
async function live(scenario: Scenario, deaths: readonly (Death | undefined)[]): Promise<number> {
  const world = new World(PLAIN);
  const cloud = new Cloud();
  let steps = 0;
  for (const death of deaths) {
    steps = 0;
    let dead = false;
    const interference: Interference = (moment) => {
      if (moment === 'before') steps += 1;
      if (dead || (death?.step === steps && death.moment === moment)) {
        dead = true;
        throw new Died();
      }
    };
    cloud.step = interference;
    await scenario.act(world.commit({ lake: world.lake.seenThrough(interference) }), cloud).catch(rethrowAllBut(Died));
  }
  cloud.step = () => undefined;
  const commit = world.commit();
  for (let ticks = 0; ticks < 30 && !(ticks > 3 && (await commit.isIdle())); ticks += 1) {
    world.clock.advance(LONG_ENOUGH_MS);
    await scenario.sweep(commit, cloud).catch(rethrowDeath);
  }
  world.clock.advance(LONG_ENOUGH_MS);
  await world.expectQuiet();
  const done = world.invariants.done().flatMap(({ arrivals }) => arrivals.map(({ id }) => id));
  expect(new Set(done).size).toBe(done.length);
  const told = [...cloud.givenUp.values()].flat();
  for (const id of cloud.recorded) expect([...done, ...told]).toContain(id);
  for (const { id, arrivals } of world.invariants.done()) {
    expect(cloud.effects.get(id)).toEqual(arrivals.map((arrival) => arrival.id));
  }
  return steps;
}

function rethrowAllBut(expected: new () => Error): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof expected)) throw error;
  };
}

const MOMENTS = ['before', 'after'] as const;

async function everyDeath(steps: number, visit: (death: Death) => Promise<void>): Promise<void> {
  for (let step = 1; step <= steps; step += 1) for (const moment of MOMENTS) await visit({ step, moment });
}

describe('a crash at every single request, before and after it took effect', () => {
  test.each(SCENARIOS)(
    '$name: nothing is lost, doubled or stuck',
    async (scenario) => {
      const steps = await live(scenario, [undefined]);
      expect(steps).toBeGreaterThan(15);
      await everyDeath(steps, async (death) => void (await live(scenario, [death])));
    },
    300_000,
  );

  test.each(SCENARIOS)(
    '$name: also where the one that comes next dies at any request, too',
    async (scenario) => {
      const steps = await live(scenario, [undefined]);
      let lives = 0;
      // To die before a request is to die after the one before it.
      for (let first = 1; first <= steps; first += 1) {
        const deaths = [{ step: first, moment: 'after' as const }];
        const next = await live(scenario, [...deaths, undefined]);
        for (let second = 1; second <= next; second += 1, lives += 1) {
          await live(scenario, [...deaths, { step: second, moment: 'after' }]);
        }
      }
      expect(lives).toBeGreaterThan(200);
    },
    300_000,
  );
});
