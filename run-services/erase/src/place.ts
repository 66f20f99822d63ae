import type { Ownership } from './person.ts';

/** What was found in a place, and what of it is gone. */
export interface Found {
  readonly found: number;
  readonly removed: number;
  /** What of the found has their number under no name, so that it may be anything else: no sign that there is such a person. */
  readonly guessed?: number;
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
