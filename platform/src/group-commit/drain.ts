import { TransientError, TributaryError } from '../errors/index.ts';
import type { Clock } from './clock.ts';
import type { Manifest } from './format.ts';
import type { Lease } from './lease.ts';
import type { Manifests } from './manifests.ts';
import type { Pace } from './pace.ts';
import type { Versioned } from './store.ts';

/** Work that ends before the function that does it. */
export interface InlineWork<P> {
  /**
   * Does what the manifest asks for. It is repeated with the same manifest after a crash, so its effects carry the manifest's id or are idempotent
   * otherwise. It throws `TransientError` where the same call may succeed later.
   */
  run(manifest: Manifest<P>, lost: AbortSignal): Promise<void>;
  /** Tells of a manifest that is given up; told again after a crash. */
  failed(manifest: Manifest<P>, error: Failure): Promise<void>;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface DrainRules {
  /** A manifest whose work fails for good this many times is given up, so that it does not block what follows. */
  readonly maxAttempts: number;
  readonly pace: Pace;
  /** No manifest is begun by `clock` later than this. */
  readonly deadline: number;
}

export interface HeldCommit<P> {
  readonly manifests: Manifests<P>;
  readonly clock: Clock;
  readonly lease: Lease;
}

/** What came of holding the lease. */
export interface Drained {
  /** How many ended. */
  readonly manifests: number;
  /** What waits is not due before the deadline. */
  readonly later: boolean;
}

/** Works, under the lease, on one manifest after the other until nothing waits. */
export async function drainHeld<P>(held: HeldCommit<P>, work: InlineWork<P>, rules: DrainRules): Promise<Drained> {
  const { manifests, clock, lease } = held;
  let ended = 0;
  while (!lease.lost.aborted && clock.now() < rules.deadline) {
    const latest = await manifests.latest();
    if (latest?.manifest.state !== 'open') {
      const due = await untilDue(held, latest?.manifest.openedAt, rules);
      if (due !== 'now') return { manifests: ended, later: due === 'later' };
    }
    // An open manifest was left by a holder that died or failed: it is finished first, as the next attempt.
    const taken = latest?.manifest.state === 'open' ? await manifests.claim(latest) : await manifests.open(latest);
    if (!taken) return { manifests: ended, later: false };
    if (await runOne(held, taken, work, rules)) ended += 1;
  }
  return { manifests: ended, later: false };
}

/** Waits as the pace asks. `never`: nothing waits, or the lease is lost. */
async function untilDue<P>(
  { manifests, clock, lease }: HeldCommit<P>,
  openedAt: number | undefined,
  { pace, deadline }: DrainRules,
): Promise<'now' | 'later' | 'never'> {
  if (!(await manifests.anyWaiting())) return 'never';
  for (;;) {
    const wait = await pace.waitMs({ openedAt, waiting: () => manifests.countWaiting() });
    if (wait <= 0) return 'now';
    if (clock.now() + wait > deadline) return 'later';
    await clock.sleep(wait, lease.lost);
    // A holder that slept through its lease must not go on from what it read before.
    if (lease.lost.aborted || !(await lease.renew())) return 'never';
  }
}

/** Whether this holder ended the manifest; not so where another was found to work on it. */
async function runOne<P>(
  { manifests, lease }: HeldCommit<P>,
  taken: Versioned<P>,
  work: InlineWork<P>,
  rules: DrainRules,
): Promise<boolean> {
  try {
    await work.run(taken.manifest, lease.lost);
  } catch (error) {
    if (error instanceof TransientError || taken.manifest.attempt < rules.maxAttempts) throw error;
    const failure = failureOf(error);
    await work.failed(taken.manifest, failure);
    return (await manifests.end(taken, 'failed', failure)) !== undefined;
  }
  return (await manifests.end(taken, 'done')) !== undefined;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof TributaryError) return { code: error.code, message: error.message };
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) };
}
