import { readdirSync, readFileSync } from 'node:fs';
import { UserError } from '@tributary/platform/errors';
import { parse } from 'yaml';
import { z } from 'zod';

/** What a parameter may be. https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types */
export const PARAMETER_TYPES = ['STRING', 'INT64', 'FLOAT64', 'NUMERIC', 'BOOL', 'DATE', 'TIMESTAMP'] as const;

/** Names in a request that are not a parameter's. */
const RESERVED = new Set(['format', 'page_size', 'page_token']);

const MAX_TEXT = 10_000;

const parameterSchema = z.strictObject({
  type: z.enum(PARAMETER_TYPES),
  description: z.string().min(1),
  array: z.boolean().default(false),
  maxItems: z.int().min(1).max(10_000).default(100),
  required: z.boolean().default(true),
  /** As in a request. */
  default: z.string().optional(),
  /** Inclusive, as text: INT64 and NUMERIC have more digits than a number. */
  min: z.string().optional(),
  max: z.string().optional(),
  maxLength: z.int().min(1).max(MAX_TEXT).default(200),
  /** Of the whole text. */
  pattern: z.string().optional(),
  enum: z.array(z.string()).min(1).optional(),
});
export type Parameter = z.output<typeof parameterSchema>;

const declarationSchema = z.strictObject({
  description: z.string().min(1),
  /** Raised with the meaning of the answer, so that nobody gets a cached one of the other meaning. */
  version: z.int().min(1),
  /** Who may ask: a key of WAREHOUSE_API_ROLES. */
  role: z.string().regex(/^[a-z][a-z0-9-]*$/),
  parameters: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), parameterSchema).default({}),
  sql: z.string().min(1),
  maxBytesBilled: z.int().min(1),
  /** How old an answer may be. BigQuery keeps results for a day. https://cloud.google.com/bigquery/docs/cached-results */
  cacheSeconds: z.int().min(0).max(43_200),
  /** Rows of a page, unless the request asks for fewer. */
  pageSize: z.int().min(1).max(10_000),
  /** How long a request waits for the job. */
  deadlineSeconds: z.int().min(1).max(300).default(30),
});

export type Declaration = z.output<typeof declarationSchema> & { readonly name: string };

const NAME = /^([a-z][a-z0-9-]{0,62})\.yaml$/;

/** Datasets that queries may read; a query names its tables as `<dataset>.<table>`. */
const DATASETS = new Set(['staging', 'marts', 'ops']);

/**
 * The declared queries by name: one file of `folder` each.
 *
 * Each is checked as the process starts: it is one SELECT, its parameters are those that it declares, and its tables are of our datasets. What a request brings only
 * ever becomes the value of a parameter, so there is nothing to inject into.
 *
 * @throws {UserError} QUERY_INVALID naming the file and what is wrong with it.
 */
export function loadDeclarations(folder: URL): ReadonlyMap<string, Declaration> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  return new Map(
    files.map((file) => {
      const declaration = compiled(file, readFileSync(new URL(file, folder), 'utf8'));
      return [declaration.name, declaration];
    }),
  );
}

/** Exported for its test. */
export function compiled(file: string, text: string): Declaration {
  const name = NAME.exec(file)?.[1];
  if (name === undefined) throw invalid(file, 'its name is not a-z 0-9 - and .yaml');
  const result = declarationSchema.safeParse(parsed(file, text));
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw invalid(file, `${issue.path.join('.') || '(the whole)'}: ${issue.message}`);
  }
  const declaration = { ...result.data, name };
  checkSql(file, declaration);
  for (const [parameter, { default: text, required }] of Object.entries(declaration.parameters)) {
    if (RESERVED.has(parameter))
      throw invalid(file, `the parameter ${parameter} has a name that requests use themselves`);
    if (text !== undefined && !required)
      throw invalid(file, `${parameter} has a default and is not required; one is enough`);
  }
  return declaration;
}

function parsed(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(file, (error as Error).message);
  }
}

/** Statements that are no query may begin with WITH, too. */
const CHANGES =
  /\b(INSERT|UPDATE|DELETE|MERGE|CREATE|DROP|ALTER|TRUNCATE|GRANT|REVOKE|CALL|EXECUTE|EXPORT|BEGIN|DECLARE)\b/i;

/** Tables after a comma would not be seen below. */
const COMMA_JOIN = /\bFROM\s+[\w.]+(\s+(AS\s+)?\w+)?\s*,/i;

function checkSql(file: string, { sql, parameters }: Declaration): void {
  // What is in quotes or a comment is no SQL.
  const bare = sql.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|--.*$|#.*$|\/\*[\s\S]*?\*\//gm, "''");
  if (bare.includes(';')) throw invalid(file, 'it is more than one statement');
  if (!/^\s*(SELECT|WITH)\b/i.test(bare) || CHANGES.test(bare)) throw invalid(file, 'it is not a SELECT');
  if (COMMA_JOIN.test(bare)) throw invalid(file, 'write JOIN, not a comma, between tables');
  const used = new Set([...bare.matchAll(/@([A-Za-z_]\w*)/g)].map(([, name]) => name!));
  const declared = Object.keys(parameters);
  const missing = [...used].find((name) => !declared.includes(name));
  if (missing !== undefined) throw invalid(file, `@${missing} is not declared`);
  const unused = declared.find((name) => !used.has(name));
  if (unused !== undefined) throw invalid(file, `${unused} is declared and not used`);
  const tables = [...bare.matchAll(/\b(?:FROM|JOIN)\s+([A-Za-z_`][\w.`-]*)/gi)].map(([, table]) => table!);
  const ctes = new Set([...bare.matchAll(/\b([A-Za-z_]\w*)\s+AS\s*\(/gi)].map(([, cte]) => cte!));
  for (const table of tables) {
    const [dataset, ...rest] = table.split('.');
    const isOurs = rest.length === 1 && DATASETS.has(dataset!);
    if (!isOurs && !ctes.has(table) && !/^unnest$/i.test(table)) throw invalid(file, `${table} is not a table of ours`);
  }
}

function invalid(file: string, problem: string): UserError {
  return new UserError(
    'QUERY_INVALID',
    `queries/${file} cannot be used: ${problem}. functions/warehouse-api/README.md tells how to write one.`,
  );
}
