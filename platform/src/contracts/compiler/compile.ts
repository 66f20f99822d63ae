import type { z } from 'zod';
import { type CompiledContract, type ContractField, compiledContractSchema, type FieldType } from '../contract.ts';
import { contractError, type OdcsDocument, type OdcsProperty, parseOdcs } from './odcs.ts';
import { retentionOf } from './retention.ts';

/** Which types a column may have: `<logicalType> <Postgres type without its parameters>`. */
const TYPES: Readonly<Record<string, FieldType>> = {
  'string text': 'STRING',
  'string varchar': 'STRING',
  'string char': 'STRING',
  'string uuid': 'STRING',
  'string inet': 'STRING',
  'string cidr': 'STRING',
  'string macaddr': 'STRING',
  'string ltree': 'STRING',
  'string xml': 'STRING',
  'string time': 'STRING',
  'string timetz': 'STRING',
  'string interval': 'STRING',
  // The exact text, where NUMERIC would not hold it.
  'string numeric': 'STRING',
  'string bytea': 'BYTES',
  'integer bigint': 'INT64',
  'integer integer': 'INT64',
  'integer smallint': 'INT64',
  'number numeric': 'NUMERIC',
  'number money': 'NUMERIC',
  'number double precision': 'FLOAT64',
  'number real': 'FLOAT64',
  'boolean boolean': 'BOOL',
  'timestamp timestamptz': 'TIMESTAMP',
  // Taken for UTC.
  'timestamp timestamp': 'TIMESTAMP',
  'date date': 'DATE',
  'object json': 'JSON',
  'object jsonb': 'JSON',
  'object hstore': 'JSON',
  // Of any element and depth.
  'array []': 'JSON',
};

/** Of the freshness in slaProperties. */
const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Compiles one contract.
 *
 * @param file `<stream>.odcs.yaml`; the name of the stream comes from it.
 * @throws {UserError} CONTRACT_INVALID naming file, field and remedy.
 */
export function compileContract(file: string, text: string): CompiledContract {
  const odcs = parseOdcs(file, text);
  const table = odcs.schema[0]!;
  const stream = file.replace(/\.odcs\.yaml$/, '');
  if (table.name !== stream) {
    throw contractError(
      file,
      'schema.0.name',
      `is "${table.name}"; a contract is in <name>.odcs.yaml, so call it "${stream}" or rename the file.`,
    );
  }
  const [schema, name] = table.physicalName.split('.');
  const candidate: z.input<typeof compiledContractSchema> = {
    stream,
    version: odcs.version,
    description: table.description,
    table: { schema: schema!, name: name! },
    primaryKey: primaryKeyOf(table.properties),
    eventTime: (customValue(table.customProperties, 'eventTime') as string | undefined) ?? null,
    freshnessSeconds: freshnessOf(file, odcs),
    retentionDays: retentionOf(file, odcs),
    fields: table.properties.map((property) => compileField(file, property)),
  };
  const result = compiledContractSchema.safeParse(candidate);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const field = issue.path[0] === 'fields' ? candidate.fields[Number(issue.path[1])]?.name : undefined;
    throw contractError(
      file,
      field === undefined ? issue.path.join('.') : `field ${field}, ${issue.path.slice(2).join('.')}`,
      issue.message,
    );
  }
  checkWhole(file, result.data);
  return result.data;
}

function compileField(file: string, property: OdcsProperty): z.input<typeof compiledContractSchema>['fields'][number] {
  const place = `field ${property.name}`;
  const column = property.physicalType
    .replace(/\s*\([^)]*\)/, '')
    .toLowerCase()
    .replace(/^.+?((\[\])+)$/, '[]');
  const type = TYPES[`${property.logicalType} ${column}`];
  if (!type) {
    const known = Object.keys(TYPES).map((key) => key.replace(' ', ' + '));
    throw contractError(
      file,
      place,
      `logicalType ${property.logicalType} with physicalType ${property.physicalType} is not supported; use one of: ${known.join(', ')}.`,
    );
  }
  const { minimum, maximum, pattern, format: _format, ...others } = property.logicalTypeOptions;
  const [unread] = Object.keys(others);
  if (unread) {
    const remedy = unread.startsWith('exclusive')
      ? 'use minimum or maximum, which are inclusive'
      : 'use minimum, maximum or pattern';
    throw contractError(file, place, `logicalTypeOptions.${unread} would not be enforced; ${remedy}.`);
  }
  const maskKeep = customValue(property.customProperties, 'maskKeep');
  return {
    name: property.name,
    type,
    required: property.required || property.primaryKey,
    pii: (customValue(property.customProperties, 'pii') ?? 'none') as ContractField['pii'],
    ...given('maskKeep', maskKeep as ContractField['maskKeep']),
    ...given('enum', allowedValues(file, property)),
    ...given('min', minimum as number | undefined),
    ...given('max', maximum as number | undefined),
    ...given('pattern', pattern as string | undefined),
    ...given('onUnrepresentable', unrepresentableRule(property)),
    ...given('subject', customValue(property.customProperties, 'subject') as ContractField['subject']),
    ...given('lookup', customValue(property.customProperties, 'lookup') as ContractField['lookup']),
    description: property.description,
  };
}

/** `reject` is the default, and may be said. */
function unrepresentableRule(property: OdcsProperty): ContractField['onUnrepresentable'] {
  const rule = customValue(property.customProperties, 'unrepresentable');
  return rule === 'reject' ? undefined : (rule as ContractField['onUnrepresentable']);
}

/** From the standard's own rule: metric invalidValues, arguments.validValues, mustBe 0. */
function allowedValues(file: string, property: OdcsProperty): string[] | undefined {
  for (const rule of property.quality) {
    if (rule.metric !== 'invalidValues' || rule.arguments?.validValues === undefined) continue;
    if (rule.mustBe !== 0) {
      throw contractError(
        file,
        `field ${property.name}, quality`,
        'validValues are enforced on every row; say mustBe: 0.',
      );
    }
    return rule.arguments.validValues as string[];
  }
  return undefined;
}

function primaryKeyOf(properties: readonly OdcsProperty[]): string[] {
  return properties
    .filter((property) => property.primaryKey)
    .sort((a, b) => (a.primaryKeyPosition ?? 1) - (b.primaryKeyPosition ?? 1))
    .map((property) => property.name);
}

function freshnessOf(file: string, odcs: OdcsDocument): number {
  const freshness = odcs.slaProperties.find((sla) => sla.property === 'freshness');
  const seconds = Number(freshness?.value) * (SECONDS_PER_UNIT[freshness?.unit ?? ''] ?? Number.NaN);
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw contractError(
      file,
      'slaProperties',
      'say how fresh the stream is: { property: freshness, value: 15, unit: m } (units s, m, h, d).',
    );
  }
  return seconds;
}

/** What only shows when the fields are seen together. */
function checkWhole(file: string, contract: CompiledContract): void {
  const names = new Set<string>();
  for (const field of contract.fields) {
    const refuse = (problem: string): never => {
      throw contractError(file, `field ${field.name}`, problem);
    };
    if (names.has(field.name)) refuse('is declared twice.');
    names.add(field.name);
    const isKey = contract.primaryKey.includes(field.name);
    if (isKey && (field.pii === 'mask' || field.pii === 'drop')) {
      refuse(`is part of the primary key, and pii ${field.pii} would make different rows one; use tokenize.`);
    }
    if (field.onUnrepresentable) checkMapped(contract, field, refuse);
    if ((field.pii === 'tokenize' || field.pii === 'mask') && field.type !== 'STRING') {
      refuse(`pii ${field.pii} turns the value into text, so its type must be string; it is ${field.type}.`);
    }
    if ((field.pii === 'mask') !== (field.maskKeep !== undefined)) {
      refuse('pii mask and maskKeep go together; maskKeep is ipv4_prefix16 or last2.');
    }
    if (field.pii !== 'none' && (field.enum || field.pattern !== undefined)) {
      refuse(
        'valid values and patterns describe the clear value, which later stages do not have; leave them out of a field with pii.',
      );
    }
    if (field.enum && field.type !== 'STRING') refuse('validValues are for strings; use minimum and maximum.');
    if (field.pattern !== undefined) checkPattern(field, refuse);
    if ((field.min !== undefined || field.max !== undefined) && !['INT64', 'NUMERIC', 'FLOAT64'].includes(field.type)) {
      refuse('minimum and maximum are for numbers.');
    }
  }
  if (contract.primaryKey.length === 0) throw contractError(file, 'schema', 'no field has primaryKey: true.');
  const eventTime = contract.fields.find((field) => field.name === contract.eventTime);
  if (
    contract.eventTime !== null &&
    !(eventTime?.type === 'TIMESTAMP' && eventTime.required && eventTime.pii === 'none')
  ) {
    throw contractError(
      file,
      `eventTime ${contract.eventTime}`,
      'name a required timestamp field without pii, or leave it out to use the commit time.',
    );
  }
}

/** A mapped value is not the source's: it must not name a row, date it, or be a person's. */
function checkMapped(contract: CompiledContract, field: ContractField, refuse: (problem: string) => never): void {
  if (!['INT64', 'NUMERIC', 'TIMESTAMP', 'DATE'].includes(field.type)) {
    refuse(`unrepresentable is for integers, decimals, timestamps and dates; every ${field.type} is representable.`);
  }
  if (
    contract.primaryKey.includes(field.name) ||
    field.name === contract.eventTime ||
    field.pii !== 'none' ||
    field.lookup
  ) {
    refuse('unrepresentable must be reject for a key, the event time, a field with pii and one that is looked up.');
  }
  if (field.onUnrepresentable === 'null' && field.required) {
    refuse('unrepresentable null makes nulls of a required field; use clamp, or do not require it.');
  }
}

function checkPattern(field: ContractField, refuse: (problem: string) => never): void {
  if (field.type !== 'STRING') refuse('a pattern is for strings.');
  try {
    new RegExp(field.pattern!, 'u');
  } catch (error) {
    refuse(`its pattern is not a regular expression: ${(error as Error).message}`);
  }
}

function customValue(properties: readonly { property: string; value?: unknown }[], name: string): unknown {
  return properties.find((property) => property.property === name)?.value;
}

function given<N extends string, V>(name: N, value: V | undefined): { [K in N]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: V };
}
