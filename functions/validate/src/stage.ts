import type { StageDefinition } from '@tributary/platform/stage';

/**
 * Each transformation that built something asks for the gates of the warehouse, though other models of it failed. The job reports the staging gate and then
 * the features gate: what failed first, and last what passed, which ends the run. It ends as well where the gates could not look at all.
 */
export const validateStage: StageDefinition = {
  name: 'validate',
  job: 'great-expectations',
  takes: (event) => event.type === 'transform.finished' && (event.status === 'ok' || event.views.length > 0),
  ends: (event) => event.type === 'quality.checked' && event.detail.last === true,
  // What a gate found is told by events that do not end the run: one that fails and ends it could not look, which may pass unless the job knows better.
  isVerdict: (event) => event.detail.verdict === true,
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
