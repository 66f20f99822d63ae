import type { Contracts } from '../contracts/index.ts';
import { erasureIds, type PiiKeys } from '../pii/index.ts';
import { type Erasures, isListed } from './list.ts';
import { anyScalar } from './scalars.ts';
import { subjectsOf } from './subjects.ts';

/** A keyed hash is the whole cost of a look, and most numbers come again. */
const REMEMBERED = 100_000;

/**
 * Tells data of people who were erased: whatever has a member that some contract declares as the number of one, with an erased value. Where nobody was erased,
 * nothing is looked into.
 */
export class ErasedSubjects {
  readonly isEmpty: boolean;
  readonly #erasures: Erasures;
  readonly #keys: PiiKeys;
  readonly #subjectOfMember = new Map<string, string>();
  readonly #known = new Map<string, boolean>();

  constructor(erasures: Erasures, contracts: Contracts, keys: PiiKeys) {
    this.#erasures = erasures;
    this.#keys = keys;
    this.isEmpty = [...erasures.values()].every((ids) => ids.size === 0);
    for (const { name, members } of subjectsOf(contracts).values()) {
      for (const member of members) this.#subjectOfMember.set(member, name);
    }
  }

  /** Whether a JSON value is about somebody who was erased. */
  concern(value: unknown): boolean {
    if (this.isEmpty) return false;
    return anyScalar(value, (member, text) => {
      const subject = member === undefined ? undefined : this.#subjectOfMember.get(member);
      return subject !== undefined && this.#isErased(subject, text);
    });
  }

  #isErased(subject: string, id: string): boolean {
    const key = `${subject}|${id}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const erased = isListed(this.#erasures, subject, erasureIds(subject, id, this.#keys));
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(key, erased);
    return erased;
  }
}
