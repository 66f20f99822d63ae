import type { CompiledContract } from '../contracts/contract.ts';
import { TributaryError } from '../errors/index.ts';
import type { WireRow, WireValue } from '../events/identity.ts';
import { hmac, type PiiKeys } from './keys.ts';
import { mask } from './mask.ts';

export { loadPiiKeys, type PiiKey, type PiiKeys, parsePiiKeys } from './keys.ts';
export { mask } from './mask.ts';
export { seal, unseal } from './seal.ts';

/**
 * `tok_<version>_` and a keyed hash of the value: the same value has the same token in every stream, and without the key it cannot be guessed.
 */
export function tokenize(value: string, keys: PiiKeys): string {
  return `tok_${keys.active.version}_${hmac(keys.active.token, value).toString('base64url')}`;
}

/**
 * What is kept of somebody who was erased: `era_<version>_` and a keyed hash. Of each version of the key, the active one first: an erasure outlives the key it was
 * made under.
 *
 * @param subject what contracts call it, such as `customer`
 * @param id its number or name, as text
 */
export function erasureIds(subject: string, id: string, keys: PiiKeys): readonly string[] {
  const versions = [keys.active, ...[...keys.versions.values()].filter((key) => key !== keys.active)];
  return versions.map(
    ({ version, erasure }) => `era_${version}_${hmac(erasure, `${subject}|${id}`).toString('base64url')}`,
  );
}

/**
 * The row with every personal value replaced as its contract says, and fields of class `drop` gone. Null stays null, absent stays absent.
 * Rows must have passed `rowValidator`.
 *
 * @throws {TributaryError} PII_UNCLASSIFIED for a field no contract knows, or a personal value that is not text: it fails rather than let one through.
 */
export function protectRow(contract: CompiledContract, row: WireRow, keys: PiiKeys): WireRow {
  const result: Record<string, WireValue> = {};
  let known = 0;
  for (const field of contract.fields) {
    const value = row[field.name];
    if (value === undefined) continue;
    known += 1;
    if (field.pii === 'drop') continue;
    if (field.pii === 'none' || value === null) {
      result[field.name] = value;
      continue;
    }
    if (typeof value !== 'string') throw unclassified(contract, field.name, 'is personal and not text');
    result[field.name] = field.pii === 'tokenize' ? tokenize(value, keys) : mask(value, field.maskKeep!);
  }
  const present = Object.keys(row).filter((name) => row[name] !== undefined);
  if (present.length !== known) {
    const unknown = present.find((name) => !contract.fields.some((field) => field.name === name))!;
    throw unclassified(contract, unknown, 'is not in the contract');
  }
  return result;
}

function unclassified(contract: CompiledContract, field: string, problem: string): TributaryError {
  return new TributaryError(
    'PII_UNCLASSIFIED',
    'bug',
    `${contract.stream}.${field} ${problem}; a row must be validated before it is protected.`,
  );
}
