import type { Contracts } from '../contracts/index.ts';
import type { Lake } from '../lake/port.ts';
import type { Logger } from '../log/index.ts';
import type { PiiKeys } from '../pii/index.ts';
import { ErasedSubjects } from './erased.ts';
import { ERASURES, type Erasures, readErasures } from './list.ts';

/** How old a look at the list may be. */
const LOOK_EVERY_MS = 2_000;

export interface LiveErasuresOptions {
  readonly lake: Lake;
  readonly bucket: string;
  readonly keys: PiiKeys;
  readonly log: Logger;
  readonly lookEveryMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * The list of erasures as it is now, for a door through which data comes: who asks with every piece of work follows it within two seconds, for one listing of one
 * name, and the list itself only when it changed.
 *
 * Nothing passes before the list was looked at once; later, while the store is away, the list of before holds: nobody can add to it meanwhile.
 */
export class LiveErasures {
  readonly #options: LiveErasuresOptions;
  #erasures: Erasures | undefined;
  #token: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #look: Promise<void> | undefined;
  #subjects: { readonly of: Erasures; readonly by: Contracts; readonly subjects: ErasedSubjects } | undefined;

  constructor(options: LiveErasuresOptions) {
    this.#options = options;
  }

  /**
   * @param contracts those in force: they say what names a subject
   * @throws {TransientError} LAKE_UNAVAILABLE where the list was never seen; {UserError} ERASURES_UNREADABLE.
   */
  async fresh(contracts: Contracts): Promise<ErasedSubjects> {
    const { keys, lookEveryMs = LOOK_EVERY_MS, now = Date.now } = this.#options;
    if (this.#erasures === undefined || now() - this.#lookedAt >= lookEveryMs) {
      this.#look ??= this.#lookAgain().finally(() => {
        this.#lookedAt = now();
        this.#look = undefined;
      });
      await this.#look;
    }
    const of = this.#erasures!;
    if (this.#subjects?.of !== of || this.#subjects.by !== contracts) {
      this.#subjects = { of, by: contracts, subjects: new ErasedSubjects(of, contracts, keys) };
    }
    return this.#subjects.subjects;
  }

  async #lookAgain(): Promise<void> {
    const { lake, bucket, log } = this.#options;
    try {
      // The first name with a prefix is the prefix itself.
      let token: string | undefined;
      for await (const object of lake.list(bucket, ERASURES)) {
        if (object.name === ERASURES) token = object.token;
        break;
      }
      if (this.#erasures !== undefined && token === this.#token) return;
      // A list that is written in between is read, and read once more at the next look.
      this.#erasures = token === undefined ? new Map() : await readErasures(lake, bucket);
      this.#token = token;
    } catch (error) {
      if (this.#erasures === undefined || (error as { class?: string }).class !== 'transient') throw error;
      log.warn({ err: error }, 'the list of erasures cannot be read; the one from before holds');
    }
  }
}
