import { readdir, readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../errors/index.ts';
import type { CompiledContract, ContractField } from '../contract.ts';
import { type CompiledMapping, CSV_ENCODINGS, columnsOf, type MappingRule } from '../mapping.ts';

const MAPPING_FILE = /^([a-z][a-z0-9_]*)\.yaml$/;

/** Letters of Java's DateTimeFormatter that mean the same wherever they run. */
const TIME_PATTERN = /^(?:[yuMdHhmsSaEXxZ]+|'[^']*'|[^A-Za-z'])+$/;
const EPOCHS = ['epoch_seconds', 'epoch_milliseconds', 'epoch_microseconds'];

const text = z.string().min(1);
/** One byte in every encoding we read, and neither a letter nor a digit nor a line end. */
const mark = z.string().regex(/^[\t !-/:-@[-`{-~]$/, 'expected one character, such as ; or \\t');

const ruleSchema = z.strictObject({
  column: text.optional(),
  template: text.optional(),
  constant: text.optional(),
  values: z
    .array(z.strictObject({ match: z.string(), to: z.string() }))
    .min(1)
    .optional(),
  time: z.strictObject({ format: text, zone: text.optional() }).optional(),
});

const documentSchema = z.strictObject({
  stream: text,
  description: z.string({ error: 'expected a description: whose files these are, and what is odd about them' }).min(1),
  csv: z
    .strictObject({
      header: z.boolean().default(true),
      delimiter: mark.default(','),
      quote: mark.nullable().default('"'),
      encoding: z.enum(CSV_ENCODINGS).default('utf-8'),
    })
    .prefault({}),
  columns: z.array(text).min(1).optional(),
  nulls: z.array(z.string()).default(['']),
  ignore: z.array(text).default([]),
  fields: z.record(text, z.union([text.transform((column) => ({ column })), ruleSchema])),
});

/**
 * Compiles the mappings in `mappings/` of a folder of contracts; where there is none, nothing is mapped.
 *
 * @throws {UserError} MAPPING_INVALID naming file, field and remedy.
 */
export async function compileMappings(folder: URL, contracts: readonly CompiledContract[]): Promise<CompiledMapping[]> {
  const mappings = new URL('mappings/', folder);
  const files = (await namesIn(mappings)).sort();
  return Promise.all(
    files.map(async (file) => compileMapping(file, await readFile(new URL(file, mappings), 'utf8'), contracts)),
  );
}

/**
 * Compiles one mapping.
 *
 * @param file `<dataset>.yaml`; the name of the dataset, and of its folder in landing/, comes from it.
 * @throws {UserError} MAPPING_INVALID naming file, field and remedy.
 */
export function compileMapping(file: string, source: string, contracts: readonly CompiledContract[]): CompiledMapping {
  const refuse = refusal(file);
  const dataset = MAPPING_FILE.exec(file)?.[1];
  if (!dataset) return refuse('a mapping is called <dataset>.yaml, in lower case, digits and _.');
  const { csv, ...document } = parse(source, refuse);
  const contract = contracts.find(({ stream }) => stream === document.stream);
  if (!contract) {
    const known = contracts.map(({ stream }) => stream).join(', ');
    return refuse(`stream: no contract declares "${document.stream}"; there are ${known}.`);
  }
  const namesake = contracts.find(({ stream }) => stream === dataset);
  if (namesake && namesake !== contract) {
    return refuse(`stream: the dataset is called like the stream ${dataset}, so its files are that one's.`);
  }
  if (csv.header === (document.columns !== undefined)) {
    return refuse('columns: name them where csv.header is false, and only there.');
  }
  if (csv.quote === csv.delimiter) return refuse('csv: quote and delimiter are the same character.');
  const fields = Object.entries(document.fields).map(([field, rule]) => compileRule(field, rule, contract, refuse));
  const mapping: CompiledMapping = {
    dataset,
    stream: contract.stream,
    description: document.description,
    csv: { delimiter: csv.delimiter, quote: csv.quote, encoding: csv.encoding },
    columns: document.columns ?? null,
    nulls: document.nulls,
    ignore: document.ignore,
    fields,
  };
  checkWhole(mapping, contract, refuse);
  return mapping;
}

type Refuse = (problem: string) => never;

function refusal(file: string): Refuse {
  return (problem) => {
    throw new UserError('MAPPING_INVALID', `mappings/${file}: ${problem}`);
  };
}

function parse(source: string, refuse: Refuse): z.output<typeof documentSchema> {
  const yaml = parseDocument(source);
  const [fault] = yaml.errors;
  if (fault) refuse(`line ${fault.linePos?.[0].line ?? '?'}: ${fault.message.split('\n')[0]}`);
  const result = documentSchema.safeParse(yaml.toJS());
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  return refuse(`${issue.path.join('.') || 'the document'}: ${issue.message}`);
}

function compileRule(
  field: string,
  rule: Omit<MappingRule, 'field' | 'time'> & { time?: { format: string; zone?: string | undefined } | undefined },
  contract: CompiledContract,
  refuseFile: Refuse,
): MappingRule {
  const refuse: Refuse = (problem) => refuseFile(`fields.${field}: ${problem}`);
  const declared = contract.fields.find(({ name }) => name === field);
  if (!declared) return refuse(`${contract.stream} has no such field.`);
  if (declared.lookup) return refuse('the pipeline looks it up; no file has it.');
  const { column, template, constant, values, time } = rule;
  if ([column, template, constant].filter((it) => it !== undefined).length !== 1) {
    return refuse('say one of column, template and constant.');
  }
  if (column === undefined && (values || time)) refuse('values and time are of a column.');
  for (const { match } of values ?? []) checkExpression(match, refuse);
  if (template !== undefined && /[{}]/.test(template.replace(/\{[^{}]+\}/g, ''))) {
    refuse('a template has its columns in {}.');
  }
  if (time) checkTime(time, declared, refuse);
  return {
    field,
    ...(column === undefined ? {} : { column }),
    ...(template === undefined ? {} : { template }),
    ...(constant === undefined ? {} : { constant }),
    ...(values ? { values } : {}),
    ...(time ? { time: { format: time.format, zone: time.zone ?? null } } : {}),
  };
}

function checkExpression(match: string, refuse: Refuse): void {
  try {
    new RegExp(`^(?:${match})$`, 'u');
  } catch (error) {
    refuse(`values: ${match} is not a regular expression: ${(error as Error).message}`);
  }
}

function checkTime(time: { format: string; zone?: string | undefined }, field: ContractField, refuse: Refuse): void {
  if (field.type !== 'TIMESTAMP') refuse(`time is for timestamps; the field is ${field.type}.`);
  const isEpoch = EPOCHS.includes(time.format);
  if (!isEpoch && !TIME_PATTERN.test(time.format)) {
    refuse(`time.format is one of ${EPOCHS.join(', ')} or a pattern such as yyyy-MM-dd HH:mm:ss.`);
  }
  const hasOffset = isEpoch || /[XxZ]/.test(time.format.replace(/'[^']*'/g, ''));
  if (!hasOffset && time.zone === undefined) {
    refuse('time.zone: a time without an offset needs its zone, such as Europe/London or UTC.');
  }
  if (time.zone !== undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: time.zone });
    } catch {
      refuse(`time.zone: "${time.zone}" is no zone; it is a name such as Europe/London or UTC.`);
    }
  }
}

/** What only shows when the fields are seen together. */
function checkWhole(mapping: CompiledMapping, contract: CompiledContract, refuse: Refuse): void {
  const rules = new Map(mapping.fields.map((rule) => [rule.field, rule]));
  const missing = contract.fields.find(({ name, required, lookup }) => required && !lookup && !rules.has(name));
  if (missing) refuse(`fields: ${missing.name} is required; say where it comes from.`);
  const used = new Set(mapping.fields.flatMap(columnsOf));
  const ignored = mapping.ignore.find((column) => used.has(column));
  if (ignored !== undefined) refuse(`ignore: ${ignored} is read by a field.`);
  checkColumns(mapping, used, refuse);
  checkPersonal(mapping, contract, refuse);
}

function checkColumns({ columns, ignore }: CompiledMapping, used: ReadonlySet<string>, refuse: Refuse): void {
  if (!columns) return;
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (twice !== undefined) refuse(`columns: ${twice} is there twice.`);
  const unknown = [...used, ...ignore].find((column) => !columns.includes(column));
  if (unknown !== undefined) refuse(`columns: ${unknown} is none of them.`);
  const unread = columns.find((column) => !used.has(column) && !ignore.includes(column));
  if (unread !== undefined) refuse(`columns: ${unread} is neither read nor in ignore.`);
}

/** A column that one field must not show in clear is not shown by another. */
function checkPersonal(mapping: CompiledMapping, contract: CompiledContract, refuse: Refuse): void {
  const isPersonal = ({ field }: MappingRule) => contract.fields.find(({ name }) => name === field)!.pii !== 'none';
  const personal = new Set(mapping.fields.filter(isPersonal).flatMap(columnsOf));
  for (const rule of mapping.fields.filter((it) => !isPersonal(it))) {
    const shown = columnsOf(rule).find((column) => personal.has(column));
    if (shown !== undefined) {
      refuse(`fields.${rule.field}: ${shown} holds personal data, and this field would store it in clear.`);
    }
  }
}

async function namesIn(folder: URL): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
