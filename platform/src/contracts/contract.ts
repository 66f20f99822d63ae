import { z } from 'zod';

/** What a value is; how each is written on the wire: docs/interfaces.md#wire-encoding-of-values-json */
export const FIELD_TYPES = [
  'STRING',
  'INT64',
  'NUMERIC',
  'FLOAT64',
  'BOOL',
  'TIMESTAMP',
  'DATE',
  'BYTES',
  'JSON',
] as const;
/** What happens to a value before it is stored, logged or dead-lettered. docs/interfaces.md#pii */
export const PII_CLASSES = ['none', 'tokenize', 'mask', 'drop'] as const;
/** The harmless part a mask keeps. */
export const MASK_KEEPS = ['ipv4_prefix16', 'last2'] as const;

/** What becomes of a value that the warehouse cannot hold: null, or the nearest that it can. */
export const UNREPRESENTABLE_RULES = ['null', 'clamp'] as const;

/** PostgreSQL, BigQuery and Parquet all take these unquoted. */
const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, 'expected a lower-case name: a letter, then letters, digits or _');

/** Where a derived field's value comes from: of the row of `stream` whose key is this row's `by`, `field`, as it was at this row's event time. */
const lookupSchema = z.strictObject({ stream: identifier, by: identifier, field: identifier });

const days = z.int().min(1).nullable();

const retentionSchema = z.strictObject({
  raw: days,
  processed: days,
  deadLetter: days,
  quarantine: days,
  /** Of the row's event time, by which tables are partitioned; the others count from when an object was written. */
  staging: days,
});

export const contractFieldSchema = z.strictObject({
  name: identifier,
  type: z.enum(FIELD_TYPES),
  required: z.boolean(),
  pii: z.enum(PII_CLASSES),
  maskKeep: z.enum(MASK_KEEPS).optional(),
  enum: z.array(z.string()).min(1).optional(),
  /** Inclusive. */
  min: z.number().optional(),
  /** Inclusive. */
  max: z.number().optional(),
  /** A regular expression that JavaScript and Java read alike, found anywhere unless anchored. */
  pattern: z.string().optional(),
  /** The pipeline fills it on the way to files; no source row, landing file or envelope has it. */
  lookup: lookupSchema.optional(),
  /** Without it, the row is a dead letter. */
  onUnrepresentable: z.enum(UNREPRESENTABLE_RULES).optional(),
  /** The field is the number or name of a person or thing that can ask to be forgotten, such as `customer`: whose row it is. */
  subject: identifier.optional(),
  description: z.string().min(1),
});

/** A contract as every part reads it: docs/interfaces.md#contracts */
export const compiledContractSchema = z.strictObject({
  stream: identifier,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'expected a version such as 1.0.0'),
  /** The stream's, in a sentence. */
  description: z.string().min(1),
  table: z.strictObject({ schema: identifier, name: identifier }),
  /** In key order. */
  primaryKey: z.array(identifier).min(1),
  /** The field that says when it happened; null where the commit time does. */
  eventTime: identifier.nullable(),
  freshnessSeconds: z.int().min(1),
  /** How many days each layer keeps what it holds; null is for ever. The compiler says all of them. */
  retentionDays: retentionSchema.optional(),
  fields: z.array(contractFieldSchema).min(1),
});

export const compiledContractsSchema = z.strictObject({ streams: z.record(identifier, compiledContractSchema) });

/** How long each layer keeps a stream where its contract does not say. */
export const DEFAULT_RETENTION_DAYS: RetentionDays = {
  raw: 400,
  processed: 400,
  deadLetter: 90,
  quarantine: 90,
  // Rows of long ago may come today; what they are worth, only their contract knows.
  staging: null,
};

export type FieldType = (typeof FIELD_TYPES)[number];
export type PiiClass = (typeof PII_CLASSES)[number];
export type MaskKeep = (typeof MASK_KEEPS)[number];
export type RetentionDays = Readonly<z.output<typeof retentionSchema>>;
export type ContractField = Readonly<z.output<typeof contractFieldSchema>>;
export type CompiledContract = Readonly<z.output<typeof compiledContractSchema>>;

/** The columns of `processed/` and the warehouse: all fields but those of class `drop`. */
export function carriedFields(contract: CompiledContract): readonly ContractField[] {
  return contract.fields.filter((field) => field.pii !== 'drop');
}

/** The fields that a row has where it comes from, in a table, a landing file or an envelope: all but those that the pipeline looks up. */
export function sourceFields(contract: CompiledContract): readonly ContractField[] {
  return contract.fields.filter((field) => field.lookup === undefined);
}

/** The field that says whose row it is; undefined where the stream is about nobody. */
export function subjectField(contract: CompiledContract): ContractField | undefined {
  return contract.fields.find((field) => field.subject !== undefined);
}
