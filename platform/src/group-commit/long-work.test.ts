import { beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { TransientError, UserError } from '../errors/index.ts';
import type { ExecutionState } from '../jobs/port.ts';
import { GroupCommit, type GroupCommitOptions, inspectCommits, type LongWork } from './index.ts';
import { ManualClock, MemoryLake } from './testing/index.ts';

const BUCKET = 'lake';
type Payload = { stream: string };

let lake: MemoryLake;
let clock: ManualClock;
let commit: GroupCommit<Payload>;
/** `<manifest>#<attempt>: <ids>` of every start. */
let starts: string[];
let failures: string[];
let states: Map<string, ExecutionState>;
let refuse: Error | undefined;

const work: LongWork<Payload> = {
  async start({ id, attempt, arrivals }) {
    if (refuse) throw refuse;
    starts.push(`${id}#${attempt}: ${arrivals.map((arrival) => arrival.id).join(' ')}`);
    states.set(`exec-${starts.length}`, 'running');
    return `exec-${starts.length}`;
  },
  state: async (execution) => states.get(execution) ?? 'unknown',
  failed: async ({ id }, { code }) => {
    failures.push(`${id} ${code}`);
  },
};

const FIRST = 'transform-000000001';
const SECOND = 'transform-000000002';

function newCommit(options: Partial<GroupCommitOptions<Payload>> = {}, seen: MemoryLake = lake) {
  const payload = z.object({ stream: z.string() });
  return new GroupCommit<Payload>({ lake: seen, bucket: BUCKET, name: 'transform', payload, clock, ...options });
}

async function arrive(id: string, on = commit) {
  await on.record(id, { stream: 'orders' });
  return on.startNext(work);
}

beforeEach(() => {
  lake = new MemoryLake();
  clock = new ManualClock();
  starts = [];
  failures = [];
  states = new Map();
  refuse = undefined;
  commit = newCommit();
});

describe('long work', () => {
  test('one run at a time, and everything that comes meanwhile is one run behind it', async () => {
    expect(await arrive('a')).toBe('started');
    expect(await arrive('b')).toBe('running');
    expect(await arrive('c')).toBe('running');
    expect(starts).toEqual([`${FIRST}#1: a`]);
    expect(await commit.finish(FIRST, 1, null)).toBe('ended');
    expect(await commit.startNext(work)).toBe('started');
    expect(starts).toEqual([`${FIRST}#1: a`, `${SECOND}#1: b c`]);
    await commit.finish(SECOND, 1, null);
    expect(await commit.startNext(work)).toBe('nothing-waits');
    expect(await inspectCommits(lake, BUCKET, clock)).toEqual([
      { name: 'transform', waiting: 0, openManifest: undefined, leaseHeld: false },
    ]);
  });

  test('a report that comes twice ends the manifest once', async () => {
    await arrive('a');
    expect(await commit.finish(FIRST, 1, null)).toBe('ended');
    expect(await commit.finish(FIRST, 1, null)).toBe('stale');
    expect(await commit.finish('transform-000000099', 1, null)).toBe('stale');
    expect(await commit.finish('quality-000000001', 1, null)).toBe('stale');
  });

  test('a job that reports before its start is noted ends its manifest', async () => {
    const quick: LongWork<Payload> = {
      ...work,
      start: async (manifest) => {
        await commit.finish(manifest.id, manifest.attempt, null);
        return 'exec-quick';
      },
    };
    await commit.record('a', { stream: 'orders' });
    await commit.startNext(quick);
    expect(await commit.isIdle()).toBe(true);
  });

  test('what arrives while another call finds a run open, that ends meanwhile, is not stranded', async () => {
    await arrive('a');
    let ended = false;
    const slow = newCommit(
      {},
      lake.seenThrough(async (moment, operation, name) => {
        if (ended || moment !== 'after' || operation !== 'read' || !name.includes('/manifests/')) return;
        // `slow` holds the lease and has read that the run is open; now it ends, and the one who ends it cannot have the lease.
        ended = true;
        await commit.finish(FIRST, 1, null);
        expect(await commit.startNext(work)).toBe('elsewhere');
      }),
    );
    await arrive('b', slow);
    expect(starts).toEqual([`${FIRST}#1: a`, `${SECOND}#1: b`]);
  });

  test('a job that died without a report is started again, and the late report of the dead one changes nothing', async () => {
    await arrive('a');
    states.set('exec-1', 'failed');
    await commit.repair(work);
    // Its report may be under way.
    expect(starts).toHaveLength(1);
    clock.advance(10_000);
    await commit.repair(work);
    expect(starts).toEqual([`${FIRST}#1: a`, `${FIRST}#2: a`]);
    expect(await commit.finish(FIRST, 1, { code: 'KILLED', message: '' })).toBe('stale');
    expect(await commit.finish(FIRST, 2, null)).toBe('ended');
  });

  test('a running job is left alone, until it has run for too long', async () => {
    await arrive('a');
    clock.advance(3_599_000);
    await commit.repair(work);
    expect(starts).toHaveLength(1);
    clock.advance(2_000);
    await commit.repair(work);
    expect(starts).toHaveLength(2);
  });

  test('after three attempts a run is given up aloud, and its arrivals join the next', async () => {
    await arrive('a');
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      states.set(`exec-${attempt}`, 'unknown');
      await commit.repair(work);
      clock.advance(10_000);
      await commit.repair(work);
    }
    expect(starts).toHaveLength(3);
    expect(failures).toEqual([`${FIRST} ATTEMPTS_EXHAUSTED`]);
    await arrive('b');
    expect(starts.at(-1)).toBe(`${SECOND}#1: a b`);
  });

  test('a run reported failed joins the next one, which does not start by itself', async () => {
    await arrive('a');
    await commit.finish(FIRST, 1, { code: 'DBT_FAILED', message: 'a test failed' });
    expect(await commit.startNext(work)).toBe('nothing-waits');
    await arrive('b');
    expect(starts.at(-1)).toBe(`${SECOND}#1: a b`);
  });

  test('a start that fails is tried again by the next call, three times in all where it fails for good', async () => {
    refuse = new TransientError('JOBS_UNAVAILABLE', 'no answer');
    await expect(arrive('a')).rejects.toThrow('no answer');
    refuse = undefined;
    expect(await commit.startNext(work)).toBe('started');
    expect(starts).toEqual([`${FIRST}#2: a`]);
    await commit.finish(FIRST, 2, null);

    refuse = new UserError('JOBS_REFUSED', 'no such argument');
    await expect(arrive('b')).rejects.toThrow('no such argument');
    await expect(commit.startNext(work)).rejects.toThrow('no such argument');
    await commit.startNext(work);
    expect(failures).toEqual([`${SECOND} JOBS_REFUSED`]);
  });

  test('while nothing can be started nothing is given up, however often it is tried; afterwards there are three attempts', async () => {
    refuse = new TransientError('JOBS_UNAVAILABLE', 'no answer');
    await expect(arrive('a')).rejects.toThrow('no answer');
    for (let n = 0; n < 10; n += 1) await expect(commit.repair(work)).rejects.toThrow('no answer');
    refuse = undefined;
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(failures).toEqual([]);
      await commit.repair(work);
      states.set(`exec-${attempt}`, 'failed');
      await commit.repair(work);
      clock.advance(10_000);
    }
    expect(starts).toHaveLength(3);
    await commit.repair(work);
    expect(failures).toEqual([`${FIRST} ATTEMPTS_EXHAUSTED`]);
  });

  test('a function that died between opening a manifest and starting its job is repaired', async () => {
    const dying = newCommit({}, lake);
    const died: LongWork<Payload> = { ...work, start: () => new Promise(() => undefined) };
    await dying.record('a', { stream: 'orders' });
    void dying.startNext(died);
    for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
    await commit.repair(work);
    expect(starts).toEqual([]);
    clock.advance(60_000);
    await commit.repair(work);
    expect(starts).toEqual([`${FIRST}#2: a`]);
  });

  test('a start that was given up for lost and ends after all does not take the place of the newer attempt', async () => {
    let answer: (execution: string) => void = () => undefined;
    const slow: LongWork<Payload> = {
      ...work,
      start: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    };
    await commit.record('a', { stream: 'orders' });
    const starting = commit.startNext(slow);
    for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
    clock.advance(60_000);
    await newCommit().repair(work);
    answer('exec-old');
    await starting;
    expect(await commit.openManifest()).toMatchObject({ attempt: 2, execution: 'exec-1' });
  });

  test('where jobs do not report themselves, repair ends them and goes on with what waits', async () => {
    const reached: string[] = [];
    const polled: LongWork<Payload> = {
      ...work,
      succeeded: async ({ id }) => {
        reached.push(id);
      },
    };
    await commit.record('a', { stream: 'orders' });
    await commit.startNext(polled);
    await commit.record('b', { stream: 'orders' });
    states.set('exec-1', 'succeeded');
    await commit.repair(polled);
    expect(reached).toEqual([FIRST]);
    expect(starts.at(-1)).toBe(`${SECOND}#1: b`);
  });

  test('a start waits while more is known to come', async () => {
    let more = true;
    commit = newCommit({ settle: { ms: 3_000, moreToCome: async () => more }, leaseMs: 1e9 });
    await commit.record('a', { stream: 'orders' });
    const started = commit.startNext(work);
    const seconds = async (count: number) => {
      for (let second = 0; second < count; second += 1) {
        for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
        clock.advance(1_000);
      }
    };
    await seconds(10);
    expect(starts).toEqual([]);
    more = false;
    await seconds(6);
    expect(await started).toBe('started');
  });

  test('a burst is one run: the start waits until arrivals stop, but not for ever', async () => {
    commit = newCommit({ settle: { ms: 3_000 }, leaseMs: 1e9 });
    await commit.record('a0', { stream: 'orders' });
    const started = commit.startNext(work);
    let recorded = 1;
    // An arrival each second never lets the burst settle; the tenfold settling time ends the wait.
    for (let second = 0; second < 40 && starts.length === 0; second += 1) {
      for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
      await commit.record(`a${recorded}`, { stream: 'orders' });
      recorded += 1;
      clock.advance(1_000);
    }
    expect(await started).toBe('started');
    expect(starts).toHaveLength(1);
    expect(recorded).toBeGreaterThan(28);
    expect(recorded).toBeLessThan(36);
  });
});
