import { closeSync, openSync, writeSync } from 'node:fs';
import { UserError } from '@tributary/platform/errors';

/** Why a line of the input is not in the database. */
export type RejectReason =
  /** A value cannot be read, or breaks the contract of its table. */
  | 'BAD_VALUE'
  /** Online Retail: postage, fees, samples and other stock codes that are not products. */
  | 'NON_PRODUCT'
  /** Online Retail: gifts, write-offs and corrections. */
  | 'NON_POSITIVE_PRICE'
  /** Online Retail: a purchase of nothing, or a stock correction. */
  | 'NON_POSITIVE_QUANTITY'
  /** The line is well formed, but the database does not take it: a line of an order that is not there, say. */
  | 'REFUSED_BY_DATABASE';

/** One rejected line. `detail` names the field and the rule, never the value: it may be a person's. */
export interface Reject {
  readonly file: string;
  readonly line: number;
  readonly reason: RejectReason;
  readonly detail: string;
}

/** How many rejects a summary shows in full. */
const SAMPLES = 20;
/** Characters gathered before they are written. */
const WRITE_CHARACTERS = 65_536;

/** Counts rejects by reason, keeps the first few, and writes all of them as NDJSON to a file where the caller gave one. */
export class RejectLog {
  readonly counts: Partial<Record<RejectReason, number>> = {};
  readonly samples: Reject[] = [];
  readonly path: string | undefined;
  #file: number | undefined;
  #buffer = '';

  /** @throws {UserError} REJECTS_UNWRITABLE, here and later: a reject that nobody can read would have vanished unsaid. */
  constructor(path?: string) {
    this.path = path;
    if (path !== undefined) this.#file = this.#mend(() => openSync(path, 'w'));
  }

  add(reject: Reject): void {
    this.counts[reject.reason] = (this.counts[reject.reason] ?? 0) + 1;
    if (this.samples.length < SAMPLES) this.samples.push(reject);
    if (this.#file === undefined) return;
    this.#buffer += `${JSON.stringify(reject)}\n`;
    if (this.#buffer.length >= WRITE_CHARACTERS) this.#flush(this.#file);
  }

  close(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      this.#flush(file);
    } finally {
      closeSync(file);
    }
  }

  #flush(file: number): void {
    let bytes = Buffer.from(this.#buffer);
    this.#buffer = '';
    // A write may take less than it was given.
    while (bytes.length > 0) bytes = bytes.subarray(this.#mend(() => writeSync(file, bytes)));
  }

  #mend<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new UserError(
        'REJECTS_UNWRITABLE',
        `The rejected lines cannot be written to ${this.path}: ${(error as Error).message}. Choose a file in a folder that exists and has room.`,
        { cause: error },
      );
    }
  }
}
