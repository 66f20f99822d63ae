import type { StageDefinition } from '@tributary/platform/stage';

/** Nothing goes online before the features gate passed: only its event asks for a run. */
export const materializeStage: StageDefinition = {
  name: 'materialize',
  job: 'feast',
  takes: (event) =>
    event.type === 'quality.checked' &&
    event.detail.gate === 'features' &&
    event.status === 'ok' &&
    event.views.length > 0,
  ends: (event) => event.type === 'features.materialized',
  isVerdict: (event) => event.detail.verdict === true,
  args: ({ manifest, attempt, views, runId, cause, traceparent }) => [
    ...['--views', views.join(',')],
    ...['--manifest', manifest],
    ...['--attempt', String(attempt)],
    ...['--run-id', runId],
    ...['--cause', cause],
    ...['--traceparent', traceparent],
  ],
};
