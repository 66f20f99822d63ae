import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { type ExportedSeries, exportedSeries } from '../exported.ts';

const SERIES: ReadonlyMap<string, ExportedSeries> = new Map(exportedSeries().map((series) => [series.name, series]));

/** Functions of a counter: its own value says only how long its process has lived. */
const OF_COUNTERS: ReadonlySet<string> = new Set(['rate', 'irate', 'increase', 'absent']);

export interface CheckedQuery {
  /** What is wrong, each a sentence; empty for a query that Prometheus takes and that names only what the registry exports. */
  readonly faults: readonly string[];
  /** Labels that the answer has. */
  readonly labels: ReadonlySet<string>;
  /** Units of the series it reads. */
  readonly units: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  /** Whether it divides what it reads. */
  readonly isRatio: boolean;
}

/** Checks a PromQL query against the registry as the Prometheus exporter names it. Grafana's own variables have to be replaced before. */
export function checkQuery(query: string): CheckedQuery {
  const text = ({ from, to }: { from: number; to: number }) => query.slice(from, to);
  const faults: string[] = [];
  const labels = new Set<string>();
  const units = new Set<string>();
  const functions = new Set<string>();
  let isRatio = false;
  parser.parse(query).iterate({
    enter({ node, type }) {
      if (type.isError)
        faults.push(`it does not parse at ${node.from}: ${text({ from: node.from, to: query.length })}`);
      else if (type.name === 'FunctionIdentifier') functions.add(text(node));
      else if (type.name === 'Div') isRatio = true;
      else if (type.name === 'VectorSelector') {
        const series = seriesOf(node, text);
        if (series) units.add(series.metric.unit);
        faults.push(...(series?.faults ?? [`${text(node)} names no metric of the registry`]));
      } else if (type.name === 'GroupingLabels') {
        const known = labelsWithin(node, text);
        for (const label of node.getChildren('LabelName').map(text)) {
          labels.add(label);
          if (!known.has(label)) faults.push(`nothing that it groups has a label ${label}`);
        }
      }
    },
  });
  return { faults, labels, units, functions, isRatio };
}

function seriesOf(
  selector: SyntaxNode,
  text: (node: SyntaxNode) => string,
): { readonly metric: ExportedSeries; readonly faults: string[] } | undefined {
  const name = selector.getChild('Identifier');
  const metric = name ? SERIES.get(text(name)) : undefined;
  if (!metric) return undefined;
  const faults: string[] = [];
  for (const matcher of selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
    const label = text(matcher.getChild('LabelName')!);
    if (!metric.labels.includes(label)) faults.push(`${metric.name} has no label ${label}`);
  }
  const around = enclosing(selector, 'FunctionCall')?.getChild('FunctionIdentifier');
  const isCounted = around !== undefined && around !== null && OF_COUNTERS.has(text(around));
  if (metric.kind === 'counter' && !isCounted) faults.push(`${metric.name} is a counter: ask for its rate or increase`);
  if (metric.kind === 'gauge' && isCounted && text(around) !== 'absent')
    faults.push(`${metric.name} is a gauge and has no rate`);
  return { metric, faults };
}

/** Labels of all series inside the expression that a `by`, `on` or `group_left` belongs to. */
function labelsWithin(grouping: SyntaxNode, text: (node: SyntaxNode) => string): ReadonlySet<string> {
  const expression = enclosing(grouping, 'AggregateExpr') ?? enclosing(grouping, 'BinaryExpr');
  const found = new Set<string>();
  expression?.cursor().iterate(({ node, name }) => {
    if (name !== 'VectorSelector') return;
    for (const label of seriesOf(node, text)?.metric.labels ?? []) found.add(label);
  });
  return found;
}

function enclosing(node: SyntaxNode, name: string): SyntaxNode | undefined {
  for (let at = node.parent; at; at = at.parent) if (at.name === name) return at;
  return undefined;
}
