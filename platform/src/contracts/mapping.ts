import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ROOT } from '../config/environment.ts';
import { UserError } from '../errors/index.ts';

/** What `npm run contracts` made of contracts/mappings. */
export const COMPILED_MAPPINGS = new URL('contracts/generated/mappings.json', ROOT);

/** Of CSV files; ASCII is one byte in each, so that lines and cells end where they seem to. */
export const CSV_ENCODINGS = ['utf-8', 'windows-1252', 'iso-8859-1'] as const;

/** In a template, the number of the row's first line. */
export const LINE_PLACEHOLDER = '_line';

const name = z.string().min(1);

const ruleSchema = z.strictObject({
  field: name,
  /** One of the three is there. */
  column: name.optional(),
  /** Text with `{column}` and `{_line}` in it. */
  template: name.optional(),
  constant: name.optional(),
  /** What a column's text turns into; the first that matches counts, and one has to. */
  values: z.array(z.strictObject({ match: z.string(), to: z.string() })).optional(),
  time: z.strictObject({ format: name, zone: name.nullable() }).optional(),
});

/** How a dataset's files become rows of a stream, spelt out: docs/interfaces.md#mappings-of-landing-files */
export const compiledMappingSchema = z.strictObject({
  dataset: name,
  stream: name,
  description: z.string(),
  csv: z.strictObject({
    delimiter: z.string().length(1),
    quote: z.string().length(1).nullable(),
    encoding: z.enum(CSV_ENCODINGS),
  }),
  /** The columns' names where the file has no line that names them. */
  columns: z.array(name).nullable(),
  nulls: z.array(z.string()),
  ignore: z.array(name),
  fields: z.array(ruleSchema),
});

const compiledMappingsSchema = z.strictObject({ datasets: z.record(name, compiledMappingSchema) });

export type MappingRule = Readonly<z.output<typeof ruleSchema>>;
export type CompiledMapping = Readonly<z.output<typeof compiledMappingSchema>>;
/** By dataset. */
export type Mappings = ReadonlyMap<string, CompiledMapping>;

/** The columns a rule reads. */
export function columnsOf({ column, template = '' }: Pick<MappingRule, 'column' | 'template'>): string[] {
  const placeholders = [...template.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1]!);
  return [...(column === undefined ? [] : [column]), ...placeholders.filter((it) => it !== LINE_PLACEHOLDER)];
}

/**
 * The compiled mappings, by dataset.
 *
 * @throws {UserError} CONTRACTS_NOT_COMPILED where the file is missing or of another format.
 */
export function loadMappings(file: URL = COMPILED_MAPPINGS): Mappings {
  let problem: string;
  try {
    const result = compiledMappingsSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (result.success) return new Map(Object.entries(result.data.datasets));
    problem = `${result.error.issues[0]!.path.join('.')}: ${result.error.issues[0]!.message}`;
  } catch (error) {
    problem = (error as Error).message;
  }
  throw new UserError('CONTRACTS_NOT_COMPILED', `${file.pathname} cannot be used (${problem}); run: npm run contracts`);
}
