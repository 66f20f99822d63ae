import type { Clock } from '../clock.ts';

/** A clock that moves when it is told to. Clocks of one time may each be off by their own skew. */
export class ManualClock implements Clock {
  readonly #time: { now: number };
  readonly #skew: number;
  #sleepers: { until: number; wake: () => void }[] = [];

  constructor(start = Date.UTC(2026, 10, 21), skew = 0, time = { now: start }) {
    this.#time = time;
    this.#skew = skew;
  }

  /** The same time, seen so many milliseconds ahead (or behind). */
  skewed(skew: number): ManualClock {
    return new ManualClock(this.#time.now, skew, this.#time);
  }

  now(): number {
    return this.#time.now + this.#skew;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    await new Promise<void>((resolve) => {
      this.#sleepers.push({ until: this.#time.now + milliseconds, wake: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Moves time on and wakes whoever slept until then. */
  advance(milliseconds: number): void {
    this.#time.now += milliseconds;
    const due = this.#sleepers.filter(({ until }) => until <= this.#time.now);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#time.now);
    for (const { wake } of due) wake();
  }
}
