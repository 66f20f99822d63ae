import type { StageDefinition } from '@tributary/platform/stage';

/**
 * Each transformation asks for the gates of the warehouse. The job reports the staging gate and then the features gate; the latter ends the
 * run, and so does a staging gate that failed, for the features are not looked at then.
 */
export const validateStage: StageDefinition = {
  name: 'validate',
  job: 'great-expectations',
  takes: (event) => event.type === 'transform.finished' && event.status === 'ok',
  ends: (event) =>
    event.type === 'quality.checked' &&
    (event.detail.gate === 'features' || (event.detail.gate === 'staging' && event.status === 'failed')),
  // Without a failing expectation the gate could not look, and that may pass.
  isVerdict: (event) => Array.isArray(event.detail.failing) && event.detail.failing.length > 0,
  args: ({ manifest, attempt, streams, views, runId, cause, traceparent }) => [
    ...['--gate', 'warehouse'],
    ...['--manifest', manifest],
    ...['--attempt', String(attempt)],
    ...['--streams', streams.join(',')],
    ...['--views', views.join(',')],
    ...['--run-id', runId],
    ...['--cause', cause],
    ...['--traceparent', traceparent],
  ],
};
