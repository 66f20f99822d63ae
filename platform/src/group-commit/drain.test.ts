import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { TransientError, UserError } from '../errors/index.ts';
import { GroupCommit, type GroupCommitOptions, type InlineWork, inspectCommits, type Manifest } from './index.ts';
import { type Interference, ManualClock, MemoryLake } from './testing/index.ts';

const BUCKET = 'lake';
type Payload = { n: number };

/** A process's view of the commit; several share one lake and one time. */
function commitOn(lake: MemoryLake, clock: ManualClock, options: Partial<GroupCommitOptions<Payload>> = {}) {
  return new GroupCommit<Payload>({
    lake,
    bucket: BUCKET,
    name: 'load-orders',
    payload: z.object({ n: z.number() }),
    clock,
    leaseMs: 15_000,
    ...options,
  });
}

/** Work that keeps what it was asked to do. */
function recorder(run: (manifest: Manifest<Payload>) => Promise<void> | void = () => undefined) {
  const done: string[][] = [];
  const failed: string[] = [];
  const work: InlineWork<Payload> = {
    async run(manifest) {
      await run(manifest);
      done.push(manifest.arrivals.map(({ id }) => id));
    },
    async failed(manifest, { code }) {
      failed.push(`${manifest.id} ${code}`);
    },
  };
  return { work, done, failed };
}

const neverAgain: Interference = () => {
  throw new Error('crashed');
};

describe('inline work', () => {
  test('many arrivals become one piece of work and leave nothing behind', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const commit = commitOn(lake, clock);
    for (let n = 0; n < 100; n += 1) await commit.record(`a${String(n).padStart(3, '0')}`, { n });
    const { work, done } = recorder();
    expect(await commit.drain(work)).toEqual({ outcome: 'drained', manifests: 1 });
    expect(done).toHaveLength(1);
    expect(new Set(done[0]).size).toBe(100);
    expect(await inspectCommits(lake, BUCKET, clock)).toEqual([
      { name: 'load-orders', waiting: 0, openManifest: undefined, leaseHeld: false },
    ]);
  });

  test('an arrival that comes while work is under way is done by the holder, and its bringer leaves at once', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const [holder, other] = [commitOn(lake, clock), commitOn(lake, clock)];
    await holder.record('first', { n: 1 });
    const { work, done } = recorder(async (manifest) => {
      if (manifest.arrivals[0]!.id !== 'first') return;
      await other.record('second', { n: 2 });
      expect(await other.drain(work)).toEqual({ outcome: 'elsewhere', manifests: 0 });
    });
    await holder.drain(work);
    expect(done).toEqual([['first'], ['second']]);
  });

  test('an arrival recorded between the last list and the release is not stranded', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const late = commitOn(lake, clock);
    const { work, done } = recorder();
    let releases = 0;
    const holder = commitOn(
      lake.seenThrough(async (moment, operation, name) => {
        // The second write of the lease in one holding is its release.
        if (moment !== 'before' || operation !== 'write' || !name.endsWith('lease.json')) return;
        releases += 1;
        if (releases === 2) {
          await late.record('late', { n: 2 });
          expect((await late.drain(work)).outcome).toBe('elsewhere');
        }
      }),
      clock,
    );
    await holder.record('early', { n: 1 });
    await holder.drain(work);
    expect(done).toEqual([['early'], ['late']]);
  });

  test('an arrival of the same process that comes while its last look is answered is not stranded', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const { work, done } = recorder();
    let told = false;
    const commit = commitOn(
      lake.seenThrough(async (moment, operation, name) => {
        const isLastLook = moment === 'after' && operation === 'list' && name.startsWith('control/arrivals/');
        if (told || !isLastLook || (await inspectCommits(lake, BUCKET, clock))[0]!.leaseHeld || done.length === 0)
          return;
        // The list was empty, and its answer is on the way.
        told = true;
        await commit.record('late', { n: 2 });
        expect((await commit.drain(work)).outcome).toBe('elsewhere');
      }),
      clock,
    );
    await commit.record('early', { n: 1 });
    await commit.drain(work);
    expect(done).toEqual([['early'], ['late']]);
  });

  test('an event told twice is one arrival, while it waits and after it was done', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const commit = commitOn(lake, clock);
    const { work, done } = recorder();
    await commit.record('a', { n: 1 });
    await commit.record('a', { n: 1 });
    await commit.drain(work);
    await commit.record('a', { n: 1 });
    await commit.drain(work);
    expect(done).toEqual([['a']]);
    expect(await commit.isIdle()).toBe(true);
  });

  test('a manifest whose holder died is finished first, under the same id', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const ids: string[] = [];
    const dying = commitOn(
      lake.seenThrough((moment, operation, name) => {
        if (ids.length > 0) neverAgain(moment, operation, name);
      }),
      clock,
    );
    await dying.record('a', { n: 1 });
    const { work, done } = recorder((manifest) => {
      ids.push(`${manifest.id}#${manifest.attempt}`);
    });
    await expect(dying.drain(work)).rejects.toThrow('crashed');

    const next = commitOn(lake, clock);
    await next.record('b', { n: 2 });
    expect((await next.drain(work)).outcome).toBe('elsewhere');
    clock.advance(15_001);
    await next.drain(work);
    expect(ids).toEqual(['load-orders-000000001#1', 'load-orders-000000001#2', 'load-orders-000000002#1']);
    expect(done).toEqual([['a'], ['a'], ['b']]);
  });

  test('arrivals left behind by a crash after their manifest was done are not run again', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const dying = commitOn(
      lake.seenThrough((_moment, operation, name) => {
        if (operation === 'remove' && name.includes('/arrivals/')) throw new Error('crashed');
      }),
      clock,
      { remember: 0 },
    );
    const { work, done } = recorder();
    await dying.record('a', { n: 1 });
    await expect(dying.drain(work)).rejects.toThrow('crashed');
    clock.advance(20_000);
    await commitOn(lake, clock, { remember: 0 }).drain(work);
    expect(done).toEqual([['a']]);
    expect((await inspectCommits(lake, BUCKET, clock))[0]!.waiting).toBe(0);
  });

  test('work that may succeed later keeps its manifest open, however often', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const commit = commitOn(lake, clock, { maxAttempts: 2 });
    let failures = 6;
    const { work, done } = recorder(() => {
      failures -= 1;
      if (failures >= 0) throw new TransientError('WAREHOUSE_UNAVAILABLE', 'busy');
    });
    await commit.record('a', { n: 1 });
    for (let n = 0; n < 6; n += 1) await expect(commit.drain(work)).rejects.toThrow('busy');
    await commit.drain(work);
    expect(done).toEqual([['a']]);
  });

  test('work that fails for good is given up aloud and does not block what follows', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const commit = commitOn(lake, clock, { maxAttempts: 2, carryFailed: false });
    const { work, done, failed } = recorder((manifest) => {
      if (manifest.arrivals[0]!.id === 'bad') throw new UserError('WAREHOUSE_REJECTED', 'no such column');
    });
    await commit.record('bad', { n: 1 });
    await expect(commit.drain(work)).rejects.toThrow('no such column');
    await commit.record('good', { n: 2 });
    await commit.drain(work);
    expect(failed).toEqual(['load-orders-000000001 WAREHOUSE_REJECTED']);
    expect(done).toEqual([['good']]);
  });

  test('a holder that lost its lease while paused does not take what the next one did', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const next = commitOn(lake, clock);
    const { work, done } = recorder();
    let paused = false;
    const slow = commitOn(
      lake.seenThrough(async (moment, operation, name) => {
        // Paused for longer than its lease right after it listed what waits.
        if (paused || moment !== 'after' || operation !== 'list' || name !== 'control/arrivals/load-orders/') return;
        paused = true;
        clock.advance(60_000);
        await next.drain(work);
      }),
      clock,
    );
    await slow.record('a', { n: 1 });
    await slow.drain(work);
    expect(done).toEqual([['a']]);
  });

  test('a holder that paused while its number was used, ended and pruned does nothing under it', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const next = commitOn(lake, clock, { keep: 1, remember: 1 });
    const { work, done } = recorder();
    let paused = false;
    const slow = commitOn(
      lake.seenThrough(async (moment, operation, name) => {
        // Neither did it renew its lease meanwhile.
        if (paused && operation === 'write' && name.endsWith('lease.json')) throw new Error('paused');
        if (paused || moment !== 'before' || operation !== 'write' || !name.endsWith('/000000001.json')) return;
        paused = true;
        clock.advance(60_000);
        for (const n of [1, 2, 3]) {
          await next.record(`b${n}`, { n });
          await next.drain(work);
        }
      }),
      clock,
    );
    await slow.record('a', { n: 0 });
    await slow.drain(work);
    expect(done).toEqual([['a', 'b1'], ['b2'], ['b3']]);
  });

  test('spacing holds the next manifest back, and everything meanwhile goes with it', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const commit = commitOn(lake, clock, { spacingMs: 60_000, leaseMs: 1e9, budgetMs: 1e9 });
    const { work, done } = recorder();
    await commit.record('a', { n: 1 });
    const draining = (async () => {
      await commit.drain(work);
      await commit.record('b', { n: 2 });
      await commit.record('c', { n: 3 });
      await commit.drain(work);
    })();
    for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
    expect(done).toEqual([['a']]);
    clock.advance(60_000);
    await draining;
    expect(done).toEqual([['a'], ['b', 'c']]);
  });

  test('a group is never larger than allowed', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const commit = commitOn(lake, clock, { maxArrivals: 4 });
    for (let n = 0; n < 10; n += 1) await commit.record(`a${n}`, { n });
    const { work, done } = recorder();
    await commit.drain(work);
    expect(done.map(({ length }) => length)).toEqual([4, 4, 2]);
  });

  test('only the last manifests are kept', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const commit = commitOn(lake, clock);
    const { work } = recorder();
    for (let n = 0; n < 60; n += 1) {
      await commit.record(`a${n}`, { n });
      await commit.drain(work);
    }
    const names: string[] = [];
    for await (const { name } of lake.list(BUCKET, 'control/load-orders/manifests/')) names.push(name);
    expect(names).toHaveLength(50);
    expect(names.at(-1)).toBe('control/load-orders/manifests/000000060.json');
  });
});
