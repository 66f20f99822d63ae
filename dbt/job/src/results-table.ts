import { digestId } from '@tributary/platform/events';
import { appendOnce, type Warehouse } from '@tributary/platform/warehouse';
import { failureOf } from './failures.ts';
import type { DbtGraph } from './manifest.ts';
import type { TransformRequest } from './request.ts';
import type { NodeResult } from './run-results.ts';

/** Adds each node's result to `ops.dbt_results`, once however often the attempt is repeated. */
export async function recordResults(
  warehouse: Pick<Warehouse, 'query'>,
  { manifest, attempt, runId }: TransformRequest,
  results: readonly NodeResult[],
  graph: DbtGraph,
): Promise<void> {
  const entries = results.map((result) => ({
    result_id: digestId([manifest, String(attempt), result.node]),
    run_id: runId,
    manifest,
    attempt,
    node: result.node,
    type: graph.typeOf(result.node) ?? null,
    status: result.status,
    code: result.outcome === 'failed' ? failureOf(result).code : null,
    row_count: result.rows,
    bytes_billed: result.bytesBilled,
    duration_ms: result.durationMs,
    job_id: result.jobId,
  }));
  await appendOnce(warehouse, 'dbt_results', entries, { stage: 'transform' });
}
