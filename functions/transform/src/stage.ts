import type { StageDefinition } from '@tributary/platform/stage';

/**
 * Each load asks for the models of its streams. A run starts once loads have stopped for the settling time, so that a burst of small loads is one
 * dbt run.
 */
export function transformStage(settleSeconds: number): StageDefinition {
  return {
    name: 'transform',
    job: 'dbt',
    takes: (event) => event.type === 'warehouse.loaded' && event.status === 'ok',
    ends: (event) => event.type === 'transform.finished',
    args: ({ manifest, attempt, streams, runId, cause, traceparent }) => [
      ...['--manifest', manifest],
      ...['--attempt', String(attempt)],
      ...['--streams', streams.join(',')],
      ...['--run-id', runId],
      ...['--cause', cause],
      ...['--traceparent', traceparent],
    ],
    // Loads that are under way will ask for a run too: better one than two.
    settle: { ms: settleSeconds * 1_000, after: 'load-' },
  };
}
