import { type Failure, failureOf } from './failures.ts';
import type { DbtGraph } from './manifest.ts';
import type { NodeResult } from './run-results.ts';

export interface FailingNode extends Failure {
  readonly node: string;
  readonly status: string;
  /** Feature tables of the project that are made from it. */
  readonly keepsBack: readonly string[];
}

/** What a run of dbt came to. */
export interface RunSummary {
  /** Feature tables built with all their tests passing. */
  readonly marts: readonly string[];
  /** Feature tables that should have been built and are not, or that a test found fault with. */
  readonly held: readonly string[];
  /** Rows of each feature table built, and how many models and tests ran. */
  readonly counts: Readonly<Record<string, number>>;
  readonly bytesBilled: number;
  /** Nodes that failed themselves; those skipped because of them are not named. */
  readonly failing: readonly FailingNode[];
}

/** What the results mean for each feature table, by dbt's own graph. */
export function summarise(results: readonly NodeResult[], graph: DbtGraph, marts: readonly string[]): RunSummary {
  const counts: Record<string, number> = { models: 0, tests: 0 };
  const built = new Map<string, NodeResult>();
  for (const result of results) {
    const type = graph.typeOf(result.node);
    if (result.outcome === 'done' && type === 'test') counts.tests! += 1;
    if (type !== 'model') continue;
    if (result.outcome === 'done') counts.models! += 1;
    const mart = marts.find((name) => graph.modelNamed(name) === result.node);
    if (mart !== undefined) built.set(mart, result);
  }
  const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ node }) => node);
  // A test looks at its parents: what it finds fault with is they, and what is made from them.
  const suspect = new Set(failed.flatMap((node) => (graph.typeOf(node) === 'test' ? graph.parents(node) : [node])));
  const good: string[] = [];
  const held: string[] = [];
  for (const [mart, result] of built) {
    const whole = result.outcome === 'done' && isDisjoint(graph.ancestry(result.node), suspect);
    (whole ? good : held).push(mart);
    if (whole && result.rows !== null) counts[mart] = result.rows;
  }
  return {
    marts: good.sort(),
    held: held.sort(),
    counts,
    bytesBilled: results.reduce((sum, { bytesBilled }) => sum + bytesBilled, 0),
    failing: results
      .filter(({ outcome }) => outcome === 'failed')
      .map((result) => ({
        node: result.node,
        status: result.status,
        ...failureOf(result),
        keepsBack: dependants(result.node, graph, marts),
      })),
  };
}

/** The feature tables that a node, or what it looks at, reaches. */
function dependants(node: string, graph: DbtGraph, marts: readonly string[]): string[] {
  const origins = new Set(graph.typeOf(node) === 'test' ? graph.parents(node) : [node]);
  return marts.filter((mart) => {
    const model = graph.modelNamed(mart);
    return model !== undefined && !isDisjoint(graph.ancestry(model), origins);
  });
}

function isDisjoint(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...other].every((member) => !one.has(member));
}
