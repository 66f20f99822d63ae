import type { Bus } from '@tributary/platform/bus';
import { TributaryError } from '@tributary/platform/errors';
import { type ChainEvent, chainEvent, chainMessage } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';
import type { Warehouse } from '@tributary/platform/warehouse';
import type { DbtProject } from './project.ts';
import type { TransformRequest } from './request.ts';
import { type FailingNode, type RunSummary, summarise } from './run-results.ts';
import { type Selection, select } from './selection.ts';

export interface TransformPorts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly warehouse: Pick<Warehouse, 'query'>;
  readonly project: DbtProject;
  /** Runs dbt and returns its run_results.json. */
  readonly dbt: (selection: Selection, runId: string) => Promise<string>;
  readonly log: Logger;
}

/**
 * Builds what the streams feed and reports `transform.finished`, also where models failed or dbt could not run: the report ends the request.
 *
 * @throws what publishing throws; and the abort reason when the job is being stopped, unreported, so that the run is started again.
 */
export async function transform(
  request: TransformRequest,
  ports: TransformPorts,
  signal: AbortSignal,
): Promise<ChainEvent> {
  const startedAt = new Date();
  const outcome = await attempt(request, ports, signal);
  const { summary, error } = outcome;
  const event = chainEvent({
    type: 'transform.finished',
    runId: request.runId,
    cause: request.cause ?? null,
    streams: request.streams,
    views: summary.marts,
    counts: summary.counts,
    bytesBilled: summary.bytesBilled,
    startedAt,
    detail: {
      manifest: request.manifest,
      attempt: request.attempt,
      selection: outcome.selection?.kind ?? null,
      failing: summary.failing,
    },
    error,
    identity: [request.manifest, String(request.attempt)],
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
  });
  await ports.bus.publish('chain', [chainMessage(event)]);
  ports.log.info(
    {
      status: event.status,
      views: event.views,
      counts: event.counts,
      duration_ms: event.duration_ms,
      code: error?.code,
    },
    'the run was reported',
  );
  return event;
}

interface Outcome {
  readonly selection: Selection | null;
  readonly summary: RunSummary;
  readonly error: { code: string; message: string } | null;
}

const NOTHING: RunSummary = { marts: [], counts: {}, bytesBilled: 0, failing: [] };

async function attempt(request: TransformRequest, ports: TransformPorts, signal: AbortSignal): Promise<Outcome> {
  let selection: Selection | null = null;
  try {
    selection = await select(ports.project, request.streams, ports.warehouse);
    const summary = summarise(await ports.dbt(selection, request.runId), ports.project.marts);
    return { selection, summary, error: summary.failing.length === 0 ? null : nodesFailed(summary.failing) };
  } catch (error) {
    signal.throwIfAborted();
    ports.log.error({ err: error }, 'dbt did not run');
    const code = error instanceof TributaryError ? error.code : 'DBT_ABORTED';
    return { selection, summary: NOTHING, error: { code, message: (error as Error).message } };
  }
}

function nodesFailed(failing: readonly FailingNode[]): { code: string; message: string } {
  const [first] = failing;
  const others = failing.length > 1 ? `, and ${failing.length - 1} more` : '';
  return { code: 'DBT_NODES_FAILED', message: `${first!.node}: ${first!.message}${others}` };
}
