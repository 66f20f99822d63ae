import { z } from 'zod';

/** https://schemas.getdbt.com/dbt/run-results/v6.json, as far as it is used. */
const runResultsSchema = z.object({
  results: z.array(
    z.object({
      unique_id: z.string(),
      status: z.string(),
      message: z.string().nullish(),
      adapter_response: z
        .object({ rows_affected: z.number().nullish(), bytes_billed: z.number().nullish() })
        .partial()
        .default({}),
      /** Of tests, the number of rows that fail. */
      failures: z.number().nullish(),
    }),
  ),
});

export interface FailingNode {
  /** dbt's unique id, such as `model.tributary.customer_features`. */
  readonly node: string;
  readonly status: string;
  readonly message: string;
}

/** What a run of dbt came to. */
export interface RunSummary {
  /** Feature tables built with all their tests passing. */
  readonly marts: readonly string[];
  /** Rows of each feature table built, and how many models and tests ran. */
  readonly counts: Readonly<Record<string, number>>;
  readonly bytesBilled: number;
  /** Nodes that failed themselves; those skipped because of them are not named. */
  readonly failing: readonly FailingNode[];
}

const SUCCEEDED = new Set(['success', 'pass', 'warn', 'no-op']);
const FAILED = new Set(['error', 'fail', 'runtime error']);

/**
 * Summarises dbt's run_results.json.
 *
 * @throws {z.ZodError} when the text is not a run_results.json of a version we know.
 */
export function summarise(text: string, marts: readonly string[]): RunSummary {
  const { results } = runResultsSchema.parse(JSON.parse(text));
  const failing = results
    .filter(({ status }) => FAILED.has(status))
    .map(({ unique_id, status, message }) => ({ node: unique_id, status, message: firstLines(message ?? '') }));
  const counts: Record<string, number> = { models: 0, tests: 0 };
  const built: string[] = [];
  let bytesBilled = 0;
  for (const { unique_id, status, adapter_response } of results) {
    bytesBilled += adapter_response.bytes_billed ?? 0;
    const [type, , name] = unique_id.split('.');
    if (!SUCCEEDED.has(status)) continue;
    if (type === 'test') counts.tests! += 1;
    if (type !== 'model' || name === undefined) continue;
    counts.models! += 1;
    if (!marts.includes(name)) continue;
    built.push(name);
    if (typeof adapter_response.rows_affected === 'number') counts[name] = adapter_response.rows_affected;
  }
  // A test's unique id holds the name of the model it tests.
  const distrusted = (mart: string) => failing.some(({ node }) => node.startsWith('test.') && node.includes(mart));
  return { marts: built.filter((mart) => !distrusted(mart)), counts, bytesBilled, failing };
}

/** dbt's messages begin with the reason and end with paths of compiled files. */
const MESSAGE_LINES = 3;

function firstLines(message: string): string {
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('compiled code at'))
    .slice(0, MESSAGE_LINES)
    .join(' ');
}
