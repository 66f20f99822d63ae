import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TransientError, UserError } from '../../errors/index.ts';
import type { InlineWork } from '../index.ts';
import { anyProcess, anySettings, LONG_ENOUGH_MS, PLAIN, passingTime, RUNS, soundProcess, World } from './world.ts';

/** How work fares, by the manifest's number: the same each time it is tried, as with a load that BigQuery refuses. */
interface Fortune {
  readonly refused: readonly number[];
  /** Attempts that fail before one goes well. */
  readonly hiccups: readonly number[];
}

const anyFortune: fc.Arbitrary<Fortune> = fc.record({
  refused: fc.subarray([1, 2, 3, 4], { maxLength: 2 }),
  hiccups: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 }),
});

/** Work whose effect is noted under the manifest's id; to do it again changes nothing, if it is the same. */
class Works {
  readonly effects = new Map<string, string[]>();
  readonly givenUp = new Map<string, string[]>();
  readonly #fortune: Fortune;
  readonly #tries = new Map<string, number>();

  constructor(fortune: Fortune = { refused: [], hiccups: [] }) {
    this.#fortune = fortune;
  }

  work(step: () => Promise<void> = async () => undefined): InlineWork<object> {
    return {
      run: async ({ id, number, arrivals }) => {
        await step();
        if (this.#fortune.refused.includes(number)) throw new UserError('REFUSED', 'it will never go well');
        const tries = (this.#tries.get(id) ?? 0) + 1;
        this.#tries.set(id, tries);
        if (tries <= (this.#fortune.hiccups[number - 1] ?? 0)) throw new TransientError('BUSY', 'come back later');
        const ids = arrivals.map((arrival) => arrival.id);
        expect(this.effects.get(id) ?? ids).toEqual(ids);
        this.effects.set(id, ids);
        await step();
      },
      failed: async ({ id, arrivals }) => {
        await step();
        this.givenUp.set(
          id,
          arrivals.map((arrival) => arrival.id),
        );
      },
    };
  }

  get done(): string[] {
    return [...this.effects.values()].flat();
  }
}

describe('whatever the order of events, crashes, outages, repeats and clocks, inline work', () => {
  test('takes effect once for every arrival or is given up aloud, and nothing is stranded after the last ticks', async () => {
    const plan = fc.record({ processes: fc.array(anyProcess, { minLength: 1, maxLength: 4 }), time: passingTime });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plan, anySettings, anyFortune, async (scheduler, given, settings, fortune) => {
        const world = new World(settings);
        const works = new Works(fortune);
        await world.play(scheduler, given, (commit, step) => commit.drain(works.work(step)));

        // Nobody dies any more; the sweep comes by now and then.
        const tick = async () => {
          world.clock.advance(LONG_ENOUGH_MS);
          await world
            .commit()
            .drain(works.work())
            .catch(() => undefined);
        };
        for (let ticks = 0; ticks < 60 && !(ticks > 1 && (await world.commit().isIdle())); ticks += 1) await tick();
        world.clock.advance(LONG_ENOUGH_MS);
        await world.expectQuiet();
        const failed = [...works.givenUp.values()].flat();
        for (const id of world.recorded) expect([...works.done, ...failed]).toContain(id);
        // Where all of the past is remembered no effect comes twice, however late the event is told again.
        if (settings.keep < 50 || !settings.remembers) return;
        expect(new Set(works.done).size).toBe(works.done.length);
        const before = works.done;
        for (const id of before) await world.commit().record(id, {});
        await tick();
        expect(works.done).toEqual(before);
        await world.expectQuiet();
      }),
      { numRuns: RUNS },
    );
  }, 300_000);

  test('leaves nothing for a tick where nobody dies: whoever leaves relied on one who stays', async () => {
    const processes = fc.array(soundProcess, { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), processes, async (scheduler, given) => {
        const world = new World(PLAIN);
        const works = new Works();
        await world.play(scheduler, { processes: given, time: [] }, (commit, step) => commit.drain(works.work(step)));
        await world.expectQuiet();
        expect(works.done.sort()).toEqual([...world.recorded].sort());
      }),
      { numRuns: RUNS },
    );
  }, 300_000);
});
