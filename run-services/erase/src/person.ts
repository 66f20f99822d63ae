import type { Contracts } from '@tributary/platform/contracts';
import { anyScalar, type Subject } from '@tributary/platform/erasures';
import { type PiiKeys, unseal } from '@tributary/platform/pii';

/** Who is erased, and by what else data of theirs is told. In memory only; what is stored of it is sealed. */
export interface Person {
  readonly subject: Subject;
  /** As text. */
  readonly id: string;
  /** Primary keys of their rows, by stream; parts in key order, as text. */
  readonly keys: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** Of their tokenized values; only such as nobody else's rows have. */
  readonly tokens: ReadonlySet<string>;
}

const SEAL = /^seal_[A-Za-z0-9]{1,16}_[A-Za-z0-9+/]+={0,2}$/;

/**
 * Tells what is a person's. The pipeline tells rows of files by the same rules (SubjectRows.java):
 *
 * Theirs is what names them; and what names nobody but has the key of a row of theirs (a deletion may have no more) or a token of one of their values. What names
 * somebody else is not theirs, whatever else it has. Seals are opened to look inside.
 */
export class Ownership {
  readonly person: Person;
  readonly #contracts: Contracts;
  readonly #keys: PiiKeys;
  readonly #rowKeys: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(person: Person, contracts: Contracts, keys: PiiKeys) {
    this.person = person;
    this.#contracts = contracts;
    this.#keys = keys;
    this.#rowKeys = new Map([...person.keys].map(([stream, rows]) => [stream, new Set(rows.map(joined))]));
  }

  /** Whether a JSON value is theirs: a row, a message, a letter's payload. */
  owns(value: unknown): boolean {
    const { subject, id, tokens } = this.person;
    const found = { theirs: false, others: false, token: false };
    const look = (part: unknown): boolean =>
      anyScalar(part, (member, text) => {
        if (member !== undefined && subject.members.has(member)) {
          if (text === id) found.theirs = true;
          else found.others = true;
        }
        if (tokens.has(text)) found.token = true;
        if (SEAL.test(text)) look(parsed(unseal(text, this.#keys)));
        return found.theirs;
      });
    look(value);
    return found.theirs || (!found.others && (found.token || this.#hasTheirKey(value)));
  }

  /** The same of bytes: JSON, or the seal of it. Bytes that are no JSON are nobody's here. */
  ownsBytes(bytes: Buffer): boolean {
    const text = bytes.toString('utf8');
    const value = SEAL.test(text) ? parsed(unseal(text, this.#keys)) : parsed(bytes);
    return value !== undefined && this.owns(value);
  }

  #hasTheirKey(value: unknown): boolean {
    const { stream, key } = (value ?? {}) as { stream?: unknown; key?: Record<string, unknown> | null };
    const contract = typeof stream === 'string' ? this.#contracts.get(stream) : undefined;
    if (!contract || !key) return false;
    return (
      this.#rowKeys.get(contract.stream)?.has(joined(contract.primaryKey.map((name) => String(key[name])))) ?? false
    );
  }
}

/** JSON, with integers that a double cannot hold as text. */
export function parsed(bytes: Buffer): unknown {
  try {
    return (JSON.parse as (text: string, reviver: Reviver) => unknown)(bytes.toString('utf8'), exactIntegers);
  } catch {
    return undefined;
  }
}

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;

/** https://github.com/tc39/proposal-json-parse-with-source: in V8, not yet in TypeScript's library. */
const exactIntegers: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? source : value;

/** No text value has the character between. */
function joined(key: readonly string[]): string {
  return key.join('\u0000');
}
