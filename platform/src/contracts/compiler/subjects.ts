import type { CompiledContract, ContractField } from '../contract.ts';
import { contractError } from './odcs.ts';

/**
 * Checks the fields that say whose row it is: `npm run erase` looks for one value in all of them.
 *
 * @throws {UserError} CONTRACT_INVALID naming file, field and remedy.
 */
export function checkSubjects(contracts: readonly CompiledContract[]): void {
  const first = new Map<string, { readonly field: ContractField; readonly stream: string }>();
  const subjectOfName = new Map<string, string>();
  for (const contract of contracts) {
    let named: ContractField | undefined;
    for (const field of contract.fields) {
      if (field.subject === undefined) continue;
      const refusal = (problem: string) =>
        contractError(`${contract.stream}.odcs.yaml`, `field ${field.name}, subject`, problem);
      if (named) throw refusal(`${named.name} names whose row it is already; a row is about one.`);
      named = field;
      if (field.lookup) throw refusal('is looked up, so messages do not have it; name a field of the source.');
      if (field.pii !== 'none') {
        throw refusal(`is of class ${field.pii}; a subject is named by its number, which every layer has as it is.`);
      }
      if (field.type !== 'INT64' && field.type !== 'STRING')
        throw refusal(`is ${field.type}; a subject is named by an integer or a text.`);
      const other = first.get(field.subject);
      if (other && other.field.type !== field.type) {
        throw refusal(
          `is ${field.type}, and ${other.stream}.${other.field.name} is ${other.field.type}; one ${field.subject} is looked for in both, so give them one type.`,
        );
      }
      first.set(field.subject, other ?? { field, stream: contract.stream });
      // Messages that no contract knows are judged by the names of their members alone.
      const meant = subjectOfName.get(field.name) ?? field.subject;
      if (meant !== field.subject) {
        throw refusal(
          `is a ${field.subject}, and in another contract ${field.name} is a ${meant}; give one of them a name of its own.`,
        );
      }
      subjectOfName.set(field.name, meant);
    }
  }
}
