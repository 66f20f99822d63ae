import type { Footer } from './footers.ts';

/** The rows of each object of a job, and what is wrong with their sum, if something is. */
export interface RowCounts {
  /** Null where nobody can tell. */
  readonly counts: readonly (number | null)[];
  readonly differs: string | undefined;
}

/**
 * How many rows each object of a job had, by their footers, checked against the rows that the job loaded. Of a job of one object the job's own count holds.
 * One footer that cannot be read is what the others leave over.
 */
export function rowsByFooters(rows: number, footers: readonly Footer[]): RowCounts {
  const told = footers.map((footer) => (footer.kind === 'parquet' ? footer.rows : null));
  const sum = told.reduce<number>((total, count) => total + (count ?? 0), 0);
  const unknown = told.filter((count) => count === null).length;
  if (footers.length === 1) {
    return {
      counts: [rows],
      differs: unknown === 0 && sum !== rows ? `the file has ${sum} rows, the job loaded ${rows}` : undefined,
    };
  }
  if (unknown === 0) {
    return { counts: told, differs: sum === rows ? undefined : `the files have ${sum} rows, the job loaded ${rows}` };
  }
  if (unknown === 1 && sum <= rows) {
    return { counts: told.map((count) => count ?? rows - sum), differs: undefined };
  }
  return {
    counts: told,
    differs: `${unknown} footers could not be read, the other files have ${sum} rows, the job loaded ${rows}`,
  };
}
