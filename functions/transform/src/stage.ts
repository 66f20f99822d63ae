import type { StageDefinition } from '@tributary/platform/stage';

/**
 * Each load asks for the models of its streams, and so does a quality gate that passes again, for what it kept back was made from rows that have been mended since. A
 * run starts once loads have stopped for the settling time, so that a burst of small loads is one
 * dbt run.
 */
export function transformStage(settleSeconds: number): StageDefinition {
  return {
    name: 'transform',
    job: 'dbt',
    takes: (event) =>
      (event.type === 'warehouse.loaded' && event.status === 'ok') ||
      (event.type === 'incident.cleared' && event.detail.rebuild === true),
    ends: (event) => event.type === 'transform.finished',
    // The job knows whether what failed may pass: BigQuery that was busy, but not SQL that is wrong.
    isVerdict: (event) => event.detail.verdict === true,
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
