import type { CompiledContract, ContractField } from '../contract.ts';
import { contractError } from './odcs.ts';

/**
 * Checks fields that are looked up in another stream against that stream's contract.
 *
 * @throws {UserError} CONTRACT_INVALID naming file, field and remedy.
 */
export function checkLookups(contracts: readonly CompiledContract[]): void {
  const byStream = new Map(contracts.map((contract) => [contract.stream, contract]));
  for (const contract of contracts) {
    for (const field of contract.fields) {
      if (field.lookup) checkLookup(contract, field, field.lookup, byStream);
    }
  }
}

function checkLookup(
  contract: CompiledContract,
  field: ContractField,
  lookup: NonNullable<ContractField['lookup']>,
  byStream: ReadonlyMap<string, CompiledContract>,
): void {
  const refusal = (problem: string) =>
    contractError(`${contract.stream}.odcs.yaml`, `field ${field.name}, lookup`, problem);
  // A line that came before its product was known has none.
  if (field.required) throw refusal('what is looked up may be unknown; leave required out.');
  if (field.name === contract.eventTime)
    throw refusal('is the event time, at which the lookup is made; name another field.');
  if (field.enum || field.min !== undefined || field.max !== undefined || field.pattern !== undefined) {
    throw refusal("its values are checked where they come from; leave rules to that stream's contract.");
  }
  if (lookup.stream === contract.stream) throw refusal('names its own stream; name another.');
  const other = byStream.get(lookup.stream);
  if (!other) {
    throw refusal(`there is no stream ${lookup.stream}; contracts/ declares ${[...byStream.keys()].join(', ')}.`);
  }
  const found = other.fields.find(({ name }) => name === lookup.field);
  if (!found) {
    throw refusal(
      `${other.stream} has no field ${lookup.field}; it has ${other.fields.map(({ name }) => name).join(', ')}.`,
    );
  }
  if (found.lookup) throw refusal(`${other.stream}.${found.name} is looked up itself; name the stream it comes from.`);
  if (field.pii !== 'none' || found.pii !== 'none') {
    throw refusal(`only fields without pii are copied; ${other.stream}.${found.name} is of class ${found.pii}.`);
  }
  if (found.type !== field.type) {
    throw refusal(`is ${field.type}, and ${other.stream}.${found.name} is ${found.type}; give it the same type.`);
  }
  checkKey(contract, lookup.by, other, refusal);
}

function checkKey(
  contract: CompiledContract,
  by: string,
  other: CompiledContract,
  refusal: (problem: string) => Error,
): void {
  if (other.primaryKey.length !== 1) {
    throw refusal(`${other.stream} has a key of ${other.primaryKey.length} fields; a lookup is by a key of one.`);
  }
  const key = other.fields.find(({ name }) => name === other.primaryKey[0])!;
  const reference = contract.fields.find(({ name }) => name === by);
  if (!reference || reference.lookup) throw refusal(`by ${by}: name a field of ${contract.stream} that its rows have.`);
  // A token is the same in every stream, other replacements of a value are no key.
  if (reference.type !== key.type || reference.pii !== key.pii || !['none', 'tokenize'].includes(key.pii)) {
    throw refusal(
      `by ${by}, which is ${reference.type} of class ${reference.pii}; the key ${other.stream}.${key.name} is ${key.type} of class ${key.pii}, and they must be alike.`,
    );
  }
}
