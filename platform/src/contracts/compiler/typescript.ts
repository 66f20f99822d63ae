import type { CompiledContract, ContractField, FieldType } from '../contract.ts';

/** The wire encoding in TypeScript's types. */
const TYPES: Readonly<Record<FieldType, string>> = {
  STRING: 'string',
  INT64: 'number | string',
  NUMERIC: 'string',
  FLOAT64: "number | 'NaN' | 'Infinity' | '-Infinity' | '-0'",
  BOOL: 'boolean',
  TIMESTAMP: 'string',
  DATE: 'string',
  BYTES: 'string',
  JSON: 'string',
};

/** One row interface per stream; an update may lack unchanged fields, hence `Partial<…>` of it. */
export function typescriptOf(contracts: readonly CompiledContract[]): string {
  const rows = contracts.map(
    (contract) =>
      `/** ${contract.description} */\nexport interface ${rowName(contract)} {\n${contract.fields.map(member).join('\n')}\n}\n`,
  );
  const names = contracts.map((contract) => `'${contract.stream}'`);
  const map = contracts.map((contract) => `  readonly ${contract.stream}: ${rowName(contract)};`);
  return [
    '// Generated from contracts/*.odcs.yaml by `npm run contracts`; change those.',
    '',
    ...rows,
    '/** The row of each stream. */',
    `export interface StreamRows {\n${map.join('\n')}\n}\n`,
    `export const STREAM_NAMES = [${names.join(', ')}] as const;\n`,
    'export type StreamName = (typeof STREAM_NAMES)[number];\n',
  ].join('\n');
}

function member(field: ContractField): string {
  const type = field.enum ? field.enum.map((value) => JSON.stringify(value)).join(' | ') : TYPES[field.type];
  const carried = field.pii === 'drop' ? ' Never leaves the bridge.' : '';
  return `  /** ${field.description}${carried} */\n  readonly ${field.name}${field.pii === 'drop' ? '?' : ''}: ${type}${field.required ? '' : ' | null'};`;
}

/** order_lines → OrderLinesRow */
function rowName(contract: CompiledContract): string {
  return `${contract.stream.replace(/(?:^|_)([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())}Row`;
}
