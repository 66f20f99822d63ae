import type { Clock } from './clock.ts';

/** What is known when the next manifest is put off. */
export interface Paced {
  /** When the last manifest was opened; undefined where there was none. */
  readonly openedAt: number | undefined;
  /** How many arrivals are on record. Costs a listing. */
  readonly waiting: () => Promise<number>;
}

/** Puts manifests apart. */
export interface Pace {
  /** How many milliseconds to wait before what waits becomes a manifest: 0 for now. Asked again after each wait, under the lease. */
  waitMs(paced: Paced): Promise<number>;
}

/** At least so long between the starts of two manifests. */
export function spacedBy(milliseconds: number, clock: Clock): Pace {
  return {
    async waitMs({ openedAt }) {
      // By another's clock that manifest may be of the future; it is not.
      return openedAt === undefined ? 0 : milliseconds - Math.max(0, clock.now() - openedAt);
    },
  };
}
