import type { Operation } from '../operation.ts';
import type { Reject } from '../rejects.ts';

/** The input as an ordered list of operations, the same list on every reading. */
export interface Source {
  /** Changes with the content, the order of the files and the version of the mapping; names and places do not matter. */
  readonly fingerprint: string;
  /** For a progress bar: exact, or an upper bound where lines may be rejected. */
  readonly expectedOperations: number;
  /** Reads from the start; every rejected line is given to `reject` once per reading. */
  operations(reject: (reject: Reject) => void): AsyncGenerator<Operation> | Generator<Operation>;
}

/**
 * Opens an input of one format: finds its files, and reads them once for the fingerprint.
 *
 * @throws {UserError} when there is nothing to read, or the files are plainly of another format; the message says what was expected.
 */
export type OpenSource = (input: string) => Promise<Source>;
