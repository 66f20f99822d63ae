import { setTimeout as delay } from 'node:timers/promises';

/** Time as the group commit sees it; a test's clock moves when the test says so. */
export interface Clock {
  /** Milliseconds since the epoch. Clocks of different processes may disagree: that costs time, never correctness. */
  now(): number;
  /** Resolves after that many milliseconds, or at once when `signal` aborts. Never keeps the process alive by itself. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await delay(milliseconds, undefined, { signal, ref: false });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
