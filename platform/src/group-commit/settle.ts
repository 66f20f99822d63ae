import type { Clock } from './clock.ts';

/** New arrivals put a start off for this many times the settling time, at most. */
const MAX_SETTLE_FACTOR = 10;
/** However long the settling time: the start has to fit into one call of an event-driven function, which may last nine minutes. */
const MAX_SETTLE_MS = 5 * 60_000;
/** Looks per settling time. */
const LOOKS = 3;

export interface SettleRules {
  /** A job starts once no arrival has come for this long, or after ten times that; five minutes at most. */
  readonly ms: number;
  /** Whether more is known to be on its way, which counts as an arrival. */
  readonly moreToCome?: () => Promise<boolean>;
}

/**
 * Waits until nothing has arrived for the settling time, so that a burst becomes one run; ten times that at most, so that a steady stream is not put off
 * for ever. Returns at once where nothing waits.
 */
export async function settle(
  waiting: () => Promise<readonly string[]>,
  { ms: settleMs, moreToCome }: SettleRules,
  clock: Clock,
  stop: AbortSignal,
): Promise<void> {
  const begun = clock.now();
  const longest = Math.min(settleMs * MAX_SETTLE_FACTOR, MAX_SETTLE_MS);
  let seen = new Set(await waiting());
  let lastNews = begun;
  // Names are only compared, so that a clock that differs from the recorders' does not matter.
  while (seen.size > 0 && !stop.aborted) {
    const now = clock.now();
    if (now - lastNews >= settleMs || now - begun >= longest) return;
    await clock.sleep(settleMs / LOOKS, stop);
    const current = await waiting();
    if (current.some((name) => !seen.has(name)) || (await moreToCome?.())) lastNews = clock.now();
    seen = new Set(current);
  }
}
