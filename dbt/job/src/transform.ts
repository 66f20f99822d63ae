import type { Bus } from '@tributary/platform/bus';
import { TransientError, TributaryError } from '@tributary/platform/errors';
import { type ChainEvent, chainEvent, chainMessage } from '@tributary/platform/events';
import { type Incident, Incidents, type OpenIncident } from '@tributary/platform/incidents';
import { keepLineage, type LineageEvent } from '@tributary/platform/lineage';
import type { Logger } from '@tributary/platform/log';
import type { Warehouse } from '@tributary/platform/warehouse';
import { type ArtifactStore, type DbtArtifacts, keepArtifacts } from './artifacts.ts';
import { dbtLineage } from './lineage.ts';
import { DbtGraph } from './manifest.ts';
import type { DbtProject } from './project.ts';
import type { TransformRequest } from './request.ts';
import { recordResults } from './results-table.ts';
import { type NodeResult, readRunResults } from './run-results.ts';
import { type Selection, select } from './selection.ts';
import { type FailingNode, type RunSummary, summarise } from './summary.ts';

export interface TransformPorts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly warehouse: Pick<Warehouse, 'query'>;
  /** Artifacts, lineage and open incidents. */
  readonly store: ArtifactStore;
  readonly project: DbtProject;
  /** Runs dbt and returns what it wrote. */
  readonly dbt: (selection: Selection, runId: string) => Promise<DbtArtifacts>;
  /** Tells the receiver of lineage, if there is one; never throws. */
  readonly sendLineage: (events: readonly LineageEvent[]) => Promise<void>;
  readonly log: Logger;
}

const RUNBOOK = 'transform-failed';
/** The incident of a dbt that ran nothing at all. */
const NOTHING_RAN = 'dbt';

/**
 * Builds what the streams feed and reports `transform.finished`, also where models failed or dbt could not run: the report ends the request. Feature tables that were
 * built and passed their tests are its `views` and go on, whatever became of others.
 *
 * In this order, each step a repetition of itself where it is done twice: what dbt wrote is kept, its results are recorded, incidents are told, the run is
 * reported.
 *
 * @throws what lake, warehouse and bus throw; and the abort reason when the job is being stopped: unreported, so that the run is started again.
 */
export async function transform(
  request: TransformRequest,
  ports: TransformPorts,
  signal: AbortSignal,
): Promise<ChainEvent> {
  const startedAt = new Date();
  const known = new Incidents(ports.store.lake, ports.store.bucket, 'transform');
  const outcome = await attempt(request, ports, toRunAgain(await known.open()), signal);
  const lineage = outcome.ran ? await keep(request, ports, outcome.ran, startedAt) : [];
  const incidents = incidentsOf(outcome);
  await known.settle(
    incidents,
    ({ incident }) => (isOver(incident, outcome) ? {} : undefined),
    { ...request, cause: request.cause ?? null, startedAt },
    async (events) => ports.bus.publish('chain', events.map(chainMessage)),
  );
  const event = report(request, outcome, incidents, startedAt);
  await ports.bus.publish('chain', [chainMessage(event)]);
  ports.log.info(
    {
      status: event.status,
      views: event.views,
      held: outcome.summary.held,
      counts: event.counts,
      duration_ms: event.duration_ms,
      code: event.error?.code,
    },
    'the run was reported',
  );
  await ports.sendLineage(lineage);
  return event;
}

interface Ran {
  readonly artifacts: DbtArtifacts;
  readonly results: readonly NodeResult[];
  readonly graph: DbtGraph;
}

interface Outcome {
  readonly selection: Selection | null;
  readonly summary: RunSummary;
  /** Null where dbt ran nothing. */
  readonly ran: Ran | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Whether running again soon may end better. */
  readonly transient: boolean;
}

const NOTHING: RunSummary = { marts: [], held: [], counts: {}, bytesBilled: 0, failing: [] };

async function attempt(
  request: TransformRequest,
  ports: TransformPorts,
  again: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  let selection: Selection | null = null;
  try {
    selection = await select(ports.project, request.streams, again, ports.warehouse);
    const artifacts = await ports.dbt(selection, request.runId);
    const [results, graph] = [readRunResults(artifacts.runResults), new DbtGraph(artifacts.manifest)];
    const summary = summarise(results, graph, ports.project.marts);
    const { failing } = summary;
    return {
      selection,
      summary,
      ran: { artifacts, results, graph },
      error: failing.length === 0 ? null : nodesFailed(failing),
      transient: failing.some((node) => node.transient),
    };
  } catch (error) {
    signal.throwIfAborted();
    ports.log.error({ err: error }, 'dbt did not run');
    const code = error instanceof TributaryError ? error.code : 'DBT_ABORTED';
    const { message } = error as Error;
    return {
      selection,
      summary: NOTHING,
      ran: null,
      error: { code, message },
      transient: error instanceof TransientError,
    };
  }
}

async function keep(request: TransformRequest, ports: TransformPorts, ran: Ran, startedAt: Date) {
  const { artifacts, results, graph } = ran;
  await keepArtifacts(ports.store, request, artifacts, results, graph, ports.project.marts);
  await recordResults(ports.warehouse, request, results, graph);
  const lineage = dbtLineage(request, results, graph, startedAt, new Date());
  await keepLineage(ports.store, `${request.manifest}-${request.attempt}`, lineage);
  return lineage;
}

function incidentsOf({ summary, ran, error }: Outcome): Incident[] {
  if (!ran && error) return [{ name: NOTHING_RAN, ...error, runbook: RUNBOOK }];
  return summary.failing.map(({ node, status, code, message, keepsBack }) => ({
    name: incidentOf(node),
    code,
    message: `${node}: ${message}.`,
    views: keepsBack,
    runbook: RUNBOOK,
    detail: { node, status },
  }));
}

/** What failed and did not run well since, and what it kept back: otherwise a test of a view, which runs when the view is made, would stay failed for ever. */
function toRunAgain(open: readonly OpenIncident[]): string[] {
  const names = open.flatMap(({ incident, views }) => {
    // Of `model.tributary.customer_features` and `test.tributary.<name>.<hash>` alike.
    const name = incident.slice(NOTHING_RAN.length + 1).split('.')[2];
    return name === undefined ? [] : [name, ...views];
  });
  return [...new Set(names)].sort();
}

/** A node that ran well, and one that the project no longer has. Of nodes that did not run nothing is known. */
function isOver(incident: string, { ran }: Outcome): boolean {
  if (!ran) return false;
  if (incident === NOTHING_RAN) return true;
  if (ran.results.some(({ node, outcome }) => outcome === 'done' && incidentOf(node) === incident)) return true;
  return !ran.graph.has(incident.slice(NOTHING_RAN.length + 1));
}

function incidentOf(node: string): string {
  return `${NOTHING_RAN}:${node}`;
}

function report(
  request: TransformRequest,
  { selection, summary, error, transient }: Outcome,
  incidents: readonly Incident[],
  startedAt: Date,
): ChainEvent {
  const { manifest, attempt: number, runId, cause, streams, traceparent } = request;
  return chainEvent({
    type: 'transform.finished',
    runId,
    cause: cause ?? null,
    streams,
    views: summary.marts,
    counts: { ...summary.counts, failed: summary.failing.length, held: summary.held.length },
    bytesBilled: summary.bytesBilled,
    startedAt,
    detail: {
      manifest,
      attempt: number,
      selection: selection?.kind ?? null,
      held: summary.held,
      failing: summary.failing,
      ...(error ? { verdict: !transient, incident: incidents[0]!.name, runbook: RUNBOOK } : {}),
    },
    error,
    identity: [manifest, String(number)],
    ...(traceparent === undefined ? {} : { traceparent }),
  });
}

function nodesFailed(failing: readonly FailingNode[]): { code: string; message: string } {
  const [first] = failing;
  const others = failing.length > 1 ? `, and ${failing.length - 1} more` : '';
  return { code: 'DBT_NODES_FAILED', message: `${first!.node}: ${first!.message}${others}` };
}
