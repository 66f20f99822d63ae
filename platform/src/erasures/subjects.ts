import { type CompiledContract, type Contracts, type FieldType, subjectField } from '../contracts/index.ts';
import { UserError } from '../errors/index.ts';

/** What can be erased, such as a customer: a thing that fields of contracts are the number or name of. */
export interface Subject {
  readonly name: string;
  readonly type: FieldType;
  /** The field that names it, by stream. */
  readonly fields: ReadonlyMap<string, string>;
  /** The fields' names, each once. */
  readonly members: ReadonlySet<string>;
}

/** The subjects that contracts declare, by name. */
export function subjectsOf(contracts: Contracts): ReadonlyMap<string, Subject> {
  const subjects = new Map<string, Subject & { fields: Map<string, string>; members: Set<string> }>();
  for (const contract of contracts.values()) {
    const field = subjectField(contract as CompiledContract);
    if (!field) continue;
    const name = field.subject!;
    const subject = subjects.get(name) ?? { name, type: field.type, fields: new Map(), members: new Set() };
    subjects.set(name, subject);
    subject.fields.set(contract.stream, field.name);
    subject.members.add(field.name);
  }
  return subjects;
}

const INTEGER = /^-?(0|[1-9]\d{0,18})$/;

/**
 * A subject, and an id of one in the form that rows have it.
 *
 * @throws {UserError} ERASE_SUBJECT where no contract declares it; ERASE_ID where the id is not of its type.
 */
export function subjectNamed(contracts: Contracts, name: string, id: string): { subject: Subject; id: string } {
  const subjects = subjectsOf(contracts);
  const subject = subjects.get(name);
  if (!subject) {
    const known = [...subjects.keys()].map((each) => `--${each}`).join(', ') || 'none';
    throw new UserError(
      'ERASE_SUBJECT',
      `No contract has a field that names a ${name}; there are: ${known}. Declare one with customProperties: { property: subject, value: ${name} }.`,
    );
  }
  // Its message does not repeat the id, which may be somebody's.
  const isOfType =
    subject.type === 'INT64' ? INTEGER.test(id) && BigInt.asIntN(64, BigInt(id)) === BigInt(id) : id !== '';
  if (!isOfType) {
    const expected = subject.type === 'INT64' ? 'an integer, without signs, spaces or zeros before it' : 'a text';
    throw new UserError('ERASE_ID', `A ${name} is named by ${expected}.`);
  }
  return { subject, id };
}
