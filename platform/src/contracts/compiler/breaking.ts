import { z } from 'zod';
import type { CompiledContract, ContractField } from '../contract.ts';
import { isWidening } from './widening.ts';

/** One difference between two versions of a contract, as datacontract-cli sees it (`breaking.py`). */
export const contractChangeSchema = z.strictObject({
  /** `schema.orders.properties.country.required` */
  path: z.string(),
  change: z.enum(['added', 'removed', 'updated']),
  message: z.string(),
  old: z.string().nullable(),
  new: z.string().nullable(),
  /** `consumer`: rows may hold what they never held. `producer`: rows that were good may be refused. */
  breaks: z.array(z.enum(['consumer', 'producer'])),
});

export type ContractChange = z.output<typeof contractChangeSchema>;

/** Something that breaks those who write or read a stream. */
export interface BreakingChange {
  /** Undefined where it is the whole contract's. */
  readonly field: string | undefined;
  readonly what: string;
}

const FIELD = /^schema\.[^.]+\.properties\.(?<field>[^.]+)(?:\.(?<rest>.+))?$/;

/**
 * What breaks between two versions: what datacontract-cli finds from either side, without what this platform takes in its stride (a field that is added and may be
 * null; a column that got wider), and with what the tool has no opinion of (keys, times, classes of personal fields, lookups).
 */
export function breakingChanges(
  before: CompiledContract,
  after: CompiledContract,
  changes: readonly ContractChange[],
): BreakingChange[] {
  const added = new Map(after.fields.map((field) => [field.name, field]));
  const found: BreakingChange[] = [];
  for (const change of changes) {
    if (change.breaks.length === 0) continue;
    const { field, rest } = FIELD.exec(change.path)?.groups ?? {};
    if (change.change === 'added' && field !== undefined && rest === undefined && !added.get(field)?.required) continue;
    if (
      rest === 'physicalType' &&
      isSameType(before, after, field!) &&
      isWidening(change.old ?? '', change.new ?? '')
    ) {
      continue;
    }
    found.push({ field, what: sentenceOf(change) });
  }
  const told = new Set(found.map(({ field }) => field));
  const own = [...ofContract(before, after), ...ofFields(before, after)];
  return [...found, ...own.filter(({ field }) => field === undefined || !told.has(field))];
}

function isSameType(before: CompiledContract, after: CompiledContract, name: string): boolean {
  const typeIn = ({ fields }: CompiledContract) => fields.find((field) => field.name === name)?.type;
  return typeIn(before) === typeIn(after);
}

/** The tool's messages name paths; the field is told beside them. */
function sentenceOf({ message }: ContractChange): string {
  return message.replace(/ at schema\.[^ ]+/, '');
}

function ofContract(before: CompiledContract, after: CompiledContract): BreakingChange[] {
  const differ = (what: string, a: string | null, b: string | null): BreakingChange[] =>
    a === b ? [] : [{ field: undefined, what: `${what} changed from ${a ?? 'none'} to ${b ?? 'none'}` }];
  const table = ({ table: { schema, name } }: CompiledContract) => `${schema}.${name}`;
  return [
    ...differ('the table', table(before), table(after)),
    ...differ('the primary key', before.primaryKey.join(', '), after.primaryKey.join(', ')),
    ...differ('the event time', before.eventTime, after.eventTime),
  ];
}

function ofFields(before: CompiledContract, after: CompiledContract): BreakingChange[] {
  return before.fields.flatMap((old) => {
    const now = after.fields.find(({ name }) => name === old.name);
    if (!now) return [];
    return (['pii', 'maskKeep', 'lookup'] as const).flatMap((member) => {
      const [from, to] = [written(old[member]), written(now[member])];
      return from === to ? [] : [{ field: old.name, what: `${member} changed from ${from} to ${to}` }];
    });
  });
}

function written(value: ContractField['pii'] | ContractField['maskKeep'] | ContractField['lookup']): string {
  return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** `1.4.2` → 1 */
export function majorOf({ version }: CompiledContract): number {
  return Number(version.split('.')[0]);
}
