import type { MetricDeclaration } from './declare.ts';
import { METRICS, type MetricName } from './registry.ts';

/** A time series' name as Prometheus has it. */
export interface ExportedSeries {
  readonly name: string;
  readonly metric: MetricName;
  /** `counter` for what only grows: a counter, and a histogram's count, sum and buckets. */
  readonly kind: 'counter' | 'gauge';
  readonly unit: string;
  readonly labels: readonly string[];
}

/**
 * What the metrics of the registry are called by OpenTelemetry's Prometheus exporter: dots become `_`, counters end in `_total`, a histogram is three series. The
 * exporter appends no unit. https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
export function exportedSeries(): ExportedSeries[] {
  return (Object.keys(METRICS) as MetricName[]).flatMap((metric): ExportedSeries[] => {
    const { instrument, unit, labels: declared }: MetricDeclaration = METRICS[metric];
    const name = prometheusName(metric);
    const labels = Object.keys(declared);
    if (instrument === 'counter') return [{ metric, name: `${name}_total`, kind: 'counter', unit, labels }];
    if (instrument === 'gauge') return [{ metric, name, kind: 'gauge', unit, labels }];
    return [
      { metric, name: `${name}_bucket`, kind: 'counter', unit: '1', labels: [...labels, 'le'] },
      { metric, name: `${name}_sum`, kind: 'counter', unit, labels },
      { metric, name: `${name}_count`, kind: 'counter', unit: '1', labels },
    ];
  });
}

export function prometheusName(metric: MetricName): string {
  return metric.replaceAll('.', '_');
}

/** The metric's type in Cloud Monitoring, where OTLP arrives as Managed Prometheus does. https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.metrics */
export function cloudMonitoringType(metric: MetricName): string {
  return `prometheus.googleapis.com/${metric}/${METRICS[metric].instrument}`;
}
