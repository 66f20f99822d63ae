import type { Ownership } from './person.ts';

/** What was found in a place, and what of it is gone. */
export interface Found {
  readonly found: number;
  readonly removed: number;
  /** For people: what went beside the person's own data, and what could not be removed. */
  readonly notes: readonly string[];
}

/** Somewhere the platform keeps data. */
export interface Place {
  /** For people, such as `dead letters`. */
  readonly name: string;
  /**
   * Looks through the whole of it for what is the person's and removes that.
   *
   * @param remove false only counts
   */
  look(ownership: Ownership, remove: boolean): Promise<Found>;
}

export const NOTHING: Found = { found: 0, removed: 0, notes: [] };
