import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import type { MetricName } from '../registry.ts';
import { flushMetrics, reportTo, stopMetrics } from '../start.ts';

/** What the code under test recorded, by metric: its labels and values. */
export class RecordedMetrics {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

  constructor() {
    // An hour between exports: only what is asked for is exported.
    reportTo(
      this.#exporter,
      'test',
      { adapter: 'none', projectId: 'test', location: 'test' },
      { everyMs: 3_600_000, flushAfterMs: 0 },
    );
  }

  /** The latest points of a metric, `count` and `sum` for a histogram. */
  async of(
    name: MetricName,
  ): Promise<{ labels: Record<string, unknown>; value: number | { count: number; sum: number } }[]> {
    await flushMetrics();
    const metrics = this.#exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics);
    const points = metrics?.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    return points.map(({ attributes, value }) => ({
      labels: attributes,
      value: typeof value === 'number' ? value : { count: value.count, sum: (value as { sum?: number }).sum ?? 0 },
    }));
  }

  /** Ends the recording; afterwards nothing is kept, as in a process that has not started metrics. */
  async stop(): Promise<void> {
    await stopMetrics();
  }
}
