import { parseDocument } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../errors/index.ts';

const customProperties = z.array(z.looseObject({ property: z.string(), value: z.unknown() })).default([]);

const qualityRule = z.looseObject({
  metric: z.string().optional(),
  arguments: z.record(z.string(), z.unknown()).optional(),
});

const property = z.looseObject({
  name: z.string(),
  description: z.string({ error: 'expected a description: what the field means to its reader' }).min(1),
  logicalType: z.string({ error: 'expected a logicalType, for example string' }),
  physicalType: z.string({ error: "expected the column's type in Postgres, for example text" }),
  logicalTypeOptions: z.record(z.string(), z.unknown()).default({}),
  primaryKey: z.boolean().default(false),
  primaryKeyPosition: z.int().min(1).optional(),
  required: z.boolean().default(false),
  classification: z.string({ error: 'expected a classification: public, internal, confidential or restricted' }),
  quality: z.array(qualityRule).default([]),
  customProperties,
});

const table = z.looseObject({
  name: z.string(),
  physicalName: z.string().regex(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/, 'expected the Postgres table as schema.table'),
  description: z.string({ error: "expected the stream's description" }).min(1),
  customProperties,
  properties: z.array(property).min(1),
});

/** As much of the Open Data Contract Standard as the compiler reads; the rest is datacontract-cli's to check. */
const document = z.looseObject({
  apiVersion: z.literal('v3.1.0', { error: 'expected v3.1.0, the version of the standard this compiler reads' }),
  kind: z.literal('DataContract'),
  version: z.string(),
  schema: z.array(table).length(1, 'expected one table: a contract describes one stream'),
  slaProperties: z
    .array(
      z.looseObject({
        property: z.string(),
        value: z.unknown(),
        unit: z.string().optional(),
        element: z.string().optional(),
      }),
    )
    .default([]),
});

export type OdcsDocument = z.output<typeof document>;
export type OdcsTable = z.output<typeof table>;
export type OdcsProperty = z.output<typeof property>;

/** A fault in a contract, with its place and its remedy. */
export function contractError(file: string, place: string, problem: string): UserError {
  return new UserError('CONTRACT_INVALID', `${file}: ${place}: ${problem}`);
}

/**
 * Reads a contract's YAML.
 *
 * @param file its name in messages.
 * @throws {UserError} CONTRACT_INVALID naming file, place and what is expected there.
 */
export function parseOdcs(file: string, text: string): OdcsDocument {
  const yaml = parseDocument(text);
  const [fault] = yaml.errors;
  if (fault) throw contractError(file, `line ${fault.linePos?.[0].line ?? '?'}`, fault.message.split('\n')[0]!);
  const value: unknown = yaml.toJS();
  const result = document.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw contractError(file, placeOf(value, issue.path), issue.message);
}

/** `schema.0.properties.2.description` reads `field email, description`. */
function placeOf(value: unknown, path: readonly PropertyKey[]): string {
  const at = path.indexOf('properties');
  if (at < 0) return path.join('.') || 'the document';
  let owner = value;
  for (const step of path.slice(0, at + 2)) owner = (owner as Record<PropertyKey, unknown> | undefined)?.[step];
  const name = (owner as { name?: unknown } | undefined)?.name ?? `number ${String(path[at + 1])}`;
  return [`field ${String(name)}`, ...path.slice(at + 2).map(String)].join(', ');
}
