import { TransientError } from '@tributary/platform/errors';
import { HttpError, unavailable } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { json, type Reply } from '../http/reply.ts';
import type { Handler } from '../http/router.ts';
import { PyFault } from '../python/fault.ts';
import { readMaterializeRequest } from './request.ts';
import type { MaterializeRuns } from './runs.ts';

export { MaterializeRuns } from './runs.ts';

export interface MaterializePorts {
  /** Undefined where this server starts no jobs. */
  readonly runs: MaterializeRuns | undefined;
  /** The names as Feast resolves them: all that are served online without names. Throws what Feast answers for a name it does not know. */
  readonly resolveViews: (names: readonly string[] | undefined) => readonly string[];
  readonly traceparent: (exchange: Exchange) => string | undefined;
}

/** Feast's server returns nothing, which FastAPI prints as `null`. */
const NOTHING: Reply = { status: 200, body: 'null' };

/**
 * `POST /materialize` and `/materialize-incremental`: start the Cloud Run job that makes views online equal to their marts. As Feast's server does, the answer is
 * 200 `null` when the views are online, or with `?async=true` 202 at once; 409 where a run of this server is at work on a view and `?force=true` is not given.
 *
 * Unlike there, the timestamps are checked and then of no use: the job takes the newest row of every entity of the mart.
 */
export function materializeHandler(
  kind: 'range' | 'incremental',
  { runs, resolveViews, traceparent }: MaterializePorts,
): Handler {
  return async (exchange) => {
    if (runs === undefined) {
      throw new HttpError(
        501,
        'NOT_ENABLED',
        'This server starts no jobs: set MATERIALIZE_JOB=true, PROJECT_ID and LOCATION; or run `feast materialize`.',
      );
    }
    const views = resolveViews(readMaterializeRequest(exchange, kind).views);
    const { query } = exchange;
    const isAsync = isTrue(query.get('async'));
    return withJobs(async () => {
      if (isAsync && !isTrue(query.get('force'))) {
        const busy = await runs.busy(views);
        if (busy.length > 0) return conflict(busy);
      }
      const run = await runs.start(views, traceparent(exchange));
      if (isAsync) return json(202, { status: 'accepted', feature_views: views, execution: run.execution });
      const state = await runs.ended(run, exchange.deadlineAt);
      if (state === 'succeeded') return NOTHING;
      throw new PyFault('Exception', `Materialization of ${views.join(', ')} ended as ${state}: ${run.execution}`);
    });
  };
}

function conflict(views: readonly string[]): Reply {
  const listed = views.map((view) => `'${view}'`).join(', ');
  return json(409, {
    error: `Cannot start async materialization — the following feature views are already in MATERIALIZING state: [${listed}]. Use ?force=true to override.`,
    feature_views: views,
  });
}

async function withJobs(action: () => Promise<Reply>): Promise<Reply> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof TransientError) throw unavailable('BACKEND_UNAVAILABLE', error.message, { cause: error });
    throw error;
  }
}

/** What pydantic takes for true. */
function isTrue(text: string | null): boolean {
  return text !== null && ['1', 'true', 't', 'yes', 'y', 'on'].includes(text.toLowerCase());
}
