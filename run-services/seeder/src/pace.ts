import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@tributary/platform/errors';
import type { Operation } from './operation.ts';

/** How fast a source is written: as fast as it goes, so many operations a second, or its recorded time so many times faster. */
export type Pace =
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'rate'; readonly operationsPerSecond: number }
  | { readonly kind: 'speed'; readonly factor: number };

/** Shorter waits than this are gathered into one: at 5,000 a second, a wait for each operation would cost more than the operation. */
const MIN_WAIT_MS = 20;

/** `500/s` or `500`. @throws {UserError} PACE_INVALID */
export function parseRate(text: string): Pace {
  const match = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text.trim());
  const operationsPerSecond = Number(match?.[1] ?? Number.NaN);
  if (!(operationsPerSecond > 0)) {
    throw new UserError('PACE_INVALID', `The rate "${text}" is not a number of operations a second, such as 500/s.`);
  }
  return { kind: 'rate', operationsPerSecond };
}

/** `3600`: an hour of the recording in a second. @throws {UserError} PACE_INVALID */
export function parseSpeed(text: string): Pace {
  const factor = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(factor > 0)) {
    throw new UserError(
      'PACE_INVALID',
      `The speed "${text}" is not a factor above zero, such as 3600 (an hour a second).`,
    );
  }
  return { kind: 'speed', factor };
}

/** Says when each operation is due, counted from the first one it is asked about. */
export class Pacer {
  readonly #pace: Pace;
  #count = 0;
  #startedAt: number | undefined;
  #firstTime = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Milliseconds until the operation is due; 0 when it is, or will be too soon to wait for. Call it once for each operation, in order. */
  delay(operation: Operation): number {
    if (this.#pace.kind === 'unlimited') return 0;
    const now = performance.now();
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      this.#firstTime = operation.time;
    }
    const sinceStart =
      this.#pace.kind === 'rate'
        ? (this.#count++ * 1000) / this.#pace.operationsPerSecond
        : (operation.time - this.#firstTime) / 1000 / this.#pace.factor;
    const wait = this.#startedAt + sinceStart - now;
    return wait < 1 ? 0 : Math.max(wait, MIN_WAIT_MS);
  }
}

/** Longest single timer of Node; a slow replay waits in several. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  for (let left = milliseconds; left > 0; left -= MAX_TIMER_MS) {
    await sleep(Math.min(left, MAX_TIMER_MS), undefined, { signal });
  }
}
