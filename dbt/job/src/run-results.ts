import { z } from 'zod';

const instant = z.string().nullish();

/** https://schemas.getdbt.com/dbt/run-results/v6.json, as far as it is used. */
const runResultsSchema = z.object({
  results: z.array(
    z.object({
      unique_id: z.string(),
      status: z.string(),
      message: z.string().nullish(),
      execution_time: z.number().min(0).default(0),
      timing: z.array(z.object({ name: z.string(), started_at: instant, completed_at: instant })).default([]),
      adapter_response: z
        .object({
          rows_affected: z.number().nullish(),
          bytes_billed: z.number().nullish(),
          job_id: z.string().nullish(),
        })
        .partial()
        .default({}),
    }),
  ),
});

/** What became of one node of the project. */
export interface NodeResult {
  /** dbt's unique id, such as `model.tributary.customer_features`. */
  readonly node: string;
  /** As dbt says it: `success`, `pass`, `warn`, `error`, `fail`, `skipped`, … */
  readonly status: string;
  /** `failed` itself; `skipped` because of another. */
  readonly outcome: 'done' | 'failed' | 'skipped';
  /** As dbt and BigQuery have it: it may quote a value, so it is told to nobody (see failures.ts). */
  readonly message: string;
  readonly rows: number | null;
  readonly bytesBilled: number;
  readonly durationMs: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** The BigQuery job, whose own record has the whole error. */
  readonly jobId: string | null;
}

/** Also `partial success` of a model of batches is a failure: its table is not what it should be. */
const SUCCEEDED = new Set(['success', 'pass', 'warn', 'no-op']);

/**
 * Reads dbt's run_results.json.
 *
 * @throws {z.ZodError} when the text is not a run_results.json of a version we know.
 */
export function readRunResults(text: string): NodeResult[] {
  return runResultsSchema.parse(JSON.parse(text)).results.map((result) => {
    const { unique_id, status, message, execution_time, timing, adapter_response } = result;
    const ran = timing.find(({ name }) => name === 'execute');
    return {
      node: unique_id,
      status,
      outcome: SUCCEEDED.has(status) ? 'done' : status === 'skipped' ? 'skipped' : 'failed',
      message: message ?? '',
      rows: adapter_response.rows_affected ?? null,
      bytesBilled: adapter_response.bytes_billed ?? 0,
      durationMs: Math.round(execution_time * 1_000),
      startedAt: ran?.started_at ?? null,
      endedAt: ran?.completed_at ?? null,
      jobId: adapter_response.job_id ?? null,
    };
  });
}
