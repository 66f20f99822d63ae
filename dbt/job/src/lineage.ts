import { type Dataset, type JobRun, type LineageEvent, lineageEvents, tableDataset } from '@tributary/platform/lineage';
import { failureOf } from './failures.ts';
import type { DbtGraph } from './manifest.ts';
import type { TransformRequest } from './request.ts';
import type { NodeResult } from './run-results.ts';

/** The job of the whole run, which every model's run is a part of. */
const JOB = 'transform';

/**
 * The lineage of a run: each model that ran, from which tables to which, each test, as an assertion of the tables it looks at, and the run as a whole.
 *
 * Models that were skipped ran nothing, so nothing is told of them.
 */
export function dbtLineage(
  { manifest, attempt, runId }: TransformRequest,
  results: readonly NodeResult[],
  graph: DbtGraph,
  startedAt: Date,
  endedAt: Date,
): LineageEvent[] {
  const identity = [manifest, String(attempt)];
  const parent = { job: JOB, identity };
  const ran = results.filter(({ node, outcome }) => graph.typeOf(node) === 'model' && outcome !== 'skipped');
  const failed = results.some(({ outcome }) => outcome === 'failed');
  const whole: JobRun = {
    ...{ job: JOB, integration: 'dbt', jobType: 'JOB', identity, startedAt, endedAt },
    parent: { job: 'chain', identity: [runId] },
    inputs: tables(
      ran.flatMap(({ node }) => graph.parents(node)).filter((it) => graph.typeOf(it) === 'source'),
      graph,
    ),
    outputs: tables(
      ran.map(({ node }) => node),
      graph,
    ),
    error: failed ? { code: 'DBT_NODES_FAILED', message: 'at least one model or test failed' } : null,
  };
  const models = ran.map((result): JobRun => {
    const [output] = tables([result.node], graph);
    const { rows } = result;
    return {
      ...{ job: `${JOB}.${graph.table(result.node)?.name ?? result.node}`, integration: 'dbt', jobType: 'MODEL' },
      identity: [...identity, result.node],
      parent,
      startedAt: instant(result.startedAt, startedAt),
      endedAt: instant(result.endedAt, endedAt),
      inputs: tables(graph.parents(result.node), graph),
      outputs: output ? [{ ...output, rows }] : [],
      error: result.outcome === 'failed' ? failureOf(result) : null,
    };
  });
  const tests = results
    .filter(({ node, outcome }) => graph.typeOf(node) === 'test' && outcome !== 'skipped')
    .map(
      (result): JobRun => ({
        ...{ job: `${JOB}.${result.node}`, integration: 'dbt', jobType: 'TEST' },
        identity: [...identity, result.node],
        parent,
        startedAt: instant(result.startedAt, startedAt),
        endedAt: instant(result.endedAt, endedAt),
        inputs: tables(graph.parents(result.node), graph).map((table) => ({
          ...table,
          assertions: [{ assertion: result.node, success: result.outcome === 'done' }],
        })),
        outputs: [],
        error: result.outcome === 'failed' ? failureOf(result) : null,
      }),
    );
  return [whole, ...models, ...tests].flatMap(lineageEvents);
}

function tables(nodes: readonly string[], graph: DbtGraph): Dataset[] {
  return [...new Set(nodes)].flatMap((node) => {
    const table = graph.table(node);
    if (!table) return [];
    const { project, dataset, name, description, columns } = table;
    return [tableDataset(project, dataset, name, { description, columns })];
  });
}

function instant(time: string | null, otherwise: Date): Date {
  return time === null ? otherwise : new Date(time);
}
