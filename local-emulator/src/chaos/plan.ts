import fc from 'fast-check';

/** What is killed. The loader more often than the others: it is the one that could lose or double rows. */
export const VICTIMS = {
  'function-load-warehouse': 4,
  'function-transform': 1,
  'function-validate': 1,
  'function-materialize': 1,
  'cloud-run-jobs': 1,
  eventarc: 1,
} as const;

export type Victim = keyof typeof VICTIMS;

export const STREAMS = ['orders', 'customers'] as const;

export interface Kill {
  readonly afterMs: number;
  readonly victim: Victim;
}

export interface Burst {
  readonly afterMs: number;
  readonly stream: (typeof STREAMS)[number];
  readonly files: number;
}

export interface ChaosPlan {
  readonly kills: readonly Kill[];
  readonly bursts: readonly Burst[];
}

/** Pauses add up to about so much when a plan is as long as it is to last. */
const MEAN_KILL_PAUSE_MS = 4_000;
const MEAN_BURST_PAUSE_MS = 700;

/** The same kills and the same load for the same seed. How they interleave is the machine's business. */
export function chaosPlan(seed: number, seconds: number): ChaosPlan {
  const victims = Object.entries(VICTIMS).flatMap(([name, weight]) => Array<Victim>(weight).fill(name as Victim));
  const kill = fc.record({
    afterMs: fc.integer({ min: 500, max: 2 * MEAN_KILL_PAUSE_MS - 500 }),
    victim: fc.constantFrom(...victims),
  });
  const burst = fc.record({
    afterMs: fc.integer({ min: 50, max: 2 * MEAN_BURST_PAUSE_MS - 50 }),
    stream: fc.constantFrom(...STREAMS),
    files: fc.integer({ min: 1, max: 8 }),
  });
  return {
    kills: fc.sample(kill, { seed, numRuns: Math.ceil((seconds * 1_000) / MEAN_KILL_PAUSE_MS) }),
    bursts: fc.sample(burst, { seed: seed + 1, numRuns: Math.ceil((seconds * 1_000) / MEAN_BURST_PAUSE_MS) }),
  };
}
