import { expect, test } from '@jest/globals';
import { readOtlp } from './otlp.ts';
import { Series } from './series.ts';

/** A request as OpenTelemetry's exporter sends it. */
function otlp(...metrics: object[]): unknown {
  return {
    resourceMetrics: [{ resource: { attributes: [] }, scopeMetrics: [{ scope: { name: 'tributary' }, metrics }] }],
  };
}

const attributes = (labels: Record<string, string>) =>
  Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }));

const sum = (name: string, value: number, labels: Record<string, string> = {}, aggregationTemporality = 1) => ({
  name,
  unit: '{row}',
  description: 'Rows.',
  sum: { aggregationTemporality, isMonotonic: true, dataPoints: [{ attributes: attributes(labels), asDouble: value }] },
});

const gauge = (name: string, value: number) => ({
  name,
  unit: 's',
  description: 'A gauge.',
  gauge: { dataPoints: [{ attributes: [], asDouble: value }] },
});

const histogram = (counts: number[], bounds: number[], total: number) => ({
  name: 'took',
  unit: 's',
  description: 'How long.',
  histogram: {
    aggregationTemporality: 1,
    dataPoints: [
      {
        attributes: [],
        count: String(counts.reduce((a, b) => a + b)),
        sum: total,
        bucketCounts: counts,
        explicitBounds: bounds,
      },
    ],
  },
});

test('a counter is the sum of what all processes counted, those that ended included', () => {
  const series = new Series();
  series.add(readOtlp(otlp(sum('a.rows', 3, { stream: 'orders', stage: 'load' }))));
  series.add(
    readOtlp(
      otlp(sum('a.rows', 4, { stage: 'load', stream: 'orders' }), sum('a.rows', 1, { stage: 'x', stream: '"' })),
    ),
  );
  expect(series.text()).toContain('# TYPE a_rows_total counter');
  expect(series.text()).toContain('a_rows_total{stage="load",stream="orders"} 7\n');
  expect(series.text()).toContain('a_rows_total{stage="x",stream="\\""} 1');
});

test('a gauge is what was set last, until nobody has set it for as long as Prometheus remembers', () => {
  let now = 0;
  const series = new Series(() => now);
  series.add(readOtlp(otlp(gauge('newest', 5))));
  series.add(readOtlp(otlp(gauge('newest', 6))));
  now = 299_999;
  expect(series.text()).toContain('\nnewest 6\n');
  now = 300_000;
  expect(series.text()).not.toContain('newest');
});

test('histograms of many processes are one; one with other buckets begins anew', () => {
  const series = new Series();
  series.add(readOtlp(otlp(histogram([1, 2, 0], [0.1, 1], 1.5))));
  series.add(readOtlp(otlp(histogram([0, 1, 4], [0.1, 1], 20))));
  const text = series.text();
  for (const line of [
    'took_count 8',
    'took_sum 21.5',
    'took_bucket{le="0.1"} 1',
    'took_bucket{le="1"} 4',
    'took_bucket{le="+Inf"} 8',
  ])
    expect(text).toContain(`${line}\n`);
  series.add(readOtlp(otlp(histogram([1, 1], [5], 2))));
  expect(series.text()).toContain('took_count 2\n');
});

test('cumulative sums are refused: two processes of one name would be added up again and again', () => {
  expect(() => readOtlp(otlp(sum('a.rows', 3, {}, 2)))).toThrow(/expected deltas/);
});
