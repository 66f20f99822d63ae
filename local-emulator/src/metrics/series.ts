import { ValueType } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type Histogram, type MetricData } from '@opentelemetry/sdk-metrics';
import { labelsOf, type OtlpMetric } from './otlp.ts';

/** A gauge that nobody set for so long is nobody's any more; Prometheus forgets series after five minutes, too. */
const STALE_MS = 5 * 60_000;

interface Point {
  readonly attributes: Record<string, string>;
  value: number | Histogram;
  setAt: number;
}

interface Kept {
  readonly type: DataPointType.GAUGE | DataPointType.SUM | DataPointType.HISTOGRAM;
  readonly unit: string;
  readonly description: string;
  readonly points: Map<string, Point>;
}

/**
 * What many processes reported, as one: counters and histograms are sums of their deltas, so that a job which lived for ten seconds counts for ever; a gauge is
 * what was set last, by whomever.
 */
export class Series {
  readonly #metrics = new Map<string, Kept>();
  readonly #now: () => number;
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(metrics: readonly OtlpMetric[]): void {
    for (const metric of metrics) {
      const { gauge, sum, histogram } = metric;
      if (gauge) for (const point of gauge.dataPoints) this.#set(metric, labelsOf(point), numberOf(point));
      if (sum) for (const point of sum.dataPoints) this.#add(metric, labelsOf(point), numberOf(point));
      if (histogram) {
        for (const {
          count,
          sum: total,
          bucketCounts: counts,
          explicitBounds: boundaries,
          ...point
        } of histogram.dataPoints) {
          this.#merge(metric, labelsOf(point), { count, sum: total, buckets: { counts, boundaries } });
        }
      }
    }
  }

  /** In Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(): string {
    const metrics = [...this.#metrics]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, kept]) => this.#data(name, kept));
    return this.#serializer.serialize({
      resource: emptyResource(),
      scopeMetrics: [
        { scope: { name: 'tributary' }, metrics: metrics.filter(({ dataPoints }) => dataPoints.length > 0) },
      ],
    });
  }

  #set(metric: OtlpMetric, labels: Record<string, string>, value: number): void {
    this.#point(metric, DataPointType.GAUGE, labels, value).value = value;
  }

  #add(metric: OtlpMetric, labels: Record<string, string>, delta: number): void {
    const point = this.#point(metric, DataPointType.SUM, labels, 0);
    point.value = (point.value as number) + delta;
  }

  #merge(metric: OtlpMetric, labels: Record<string, string>, delta: Histogram): void {
    const empty = { count: 0, sum: 0, buckets: { ...delta.buckets, counts: delta.buckets.counts.map(() => 0) } };
    const point = this.#point(metric, DataPointType.HISTOGRAM, labels, empty);
    const before = point.value as Histogram;
    // A process of another version may have other buckets: what they held cannot be divided anew.
    const kept = before.buckets.boundaries.join() === delta.buckets.boundaries.join() ? before : empty;
    point.value = {
      count: kept.count + delta.count,
      sum: (kept.sum ?? 0) + (delta.sum ?? 0),
      buckets: {
        boundaries: delta.buckets.boundaries,
        counts: delta.buckets.counts.map((count, index) => count + kept.buckets.counts[index]!),
      },
    };
  }

  #point(
    { name, unit, description }: OtlpMetric,
    type: Kept['type'],
    labels: Record<string, string>,
    empty: number | Histogram,
  ): Point {
    const known = this.#metrics.get(name);
    const kept = known?.type === type ? known : { type, unit, description, points: new Map<string, Point>() };
    this.#metrics.set(name, kept);
    const attributes = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    const key = JSON.stringify(attributes);
    const point = kept.points.get(key) ?? { attributes, value: empty, setAt: 0 };
    point.setAt = this.#now();
    kept.points.set(key, point);
    return point;
  }

  #data(name: string, { type, unit, description, points }: Kept): MetricData {
    const now = this.#now();
    const time: [number, number] = [0, 0];
    const dataPoints = [...points.values()]
      .filter(({ setAt }) => type !== DataPointType.GAUGE || now - setAt < STALE_MS)
      .map(({ attributes, value }) => ({ attributes, value, startTime: time, endTime: time }));
    return {
      descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: type,
      ...(type === DataPointType.SUM ? { isMonotonic: true } : {}),
      dataPoints,
    } as MetricData;
  }
}

function numberOf({ asDouble, asInt }: { asDouble?: number | undefined; asInt?: number | undefined }): number {
  return asDouble ?? asInt ?? 0;
}
