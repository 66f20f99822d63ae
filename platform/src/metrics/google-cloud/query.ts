import { type ExportedSeries, exportedSeries } from '../exported.ts';
import type { MetricName } from '../registry.ts';

/** What the local emulator measures of Flink and Kafka; in the cloud Dataflow and Pub/Sub measure themselves. */
const OF_THE_LAPTOP: ReadonlySet<MetricName> = new Set([
  'tributary.pipeline.running',
  'tributary.pipeline.newest_checkpoint',
  'tributary.pipeline.checkpoint_duration',
  'tributary.pipeline.events',
  'tributary.bus.lag',
]);

const SERIES: ReadonlyMap<string, ExportedSeries> = new Map(exportedSeries().map((series) => [series.name, series]));

/** A series of ours with its selector, if it has one. */
const OURS = /\btributary_\w+(?:\{([^}]*)\})?/g;

/** Metrics arrive once a minute, so that a rate needs a few of them. */
const RATE_INTERVAL = '5m';

/** Whether a query of Prometheus asks for something that only a laptop has. */
export function isOfTheLaptop(query: string): boolean {
  return [...query.matchAll(OURS)].some(([found]) => OF_THE_LAPTOP.has(seriesOf(found).metric));
}

/**
 * A query of Prometheus as Cloud Monitoring takes it: there metrics keep their dots, and counters have no `_total`.
 * https://docs.cloud.google.com/stackdriver/docs/managed-prometheus/promql
 */
export function cloudQuery(query: string): string {
  return query
    .replaceAll('$__rate_interval', RATE_INTERVAL)
    .replaceAll(OURS, (found: string, labels: string | undefined) => {
      const name = JSON.stringify(cloudName(seriesOf(found)));
      return `{${labels ? `${name},${labels}` : name}}`;
    });
}

function seriesOf(found: string): ExportedSeries {
  const name = found.replace(/\{.*$/s, '');
  const series = SERIES.get(name);
  if (!series) throw new Error(`${name} is no series that the registry exports`);
  return series;
}

/** A histogram keeps its three suffixes: distributions are asked for as Prometheus' histograms are. */
function cloudName({ name, metric }: ExportedSeries): string {
  return `${metric}${/_(bucket|sum|count)$/.exec(name.slice(metric.length))?.[0] ?? ''}`;
}
