import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import { ROOT } from '../config/index.ts';
import type { MetricDeclaration } from './declare.ts';
import { cloudMonitoringDocument, metricsDocument } from './document.ts';
import { exportedSeries } from './exported.ts';
import { count, measure, set } from './record.ts';
import { METRICS, type MetricName } from './registry.ts';
import { flushMetrics, reportTo, stopMetrics } from './start.ts';

const names = Object.keys(METRICS) as MetricName[];

/** Series of one metric, at most: beyond this it costs more than it tells. */
const MAX_SERIES = 1_500;

describe('the registry', () => {
  test.each(names)('%s has a name as OpenTelemetry has them, a unit, a meaning and few enough series', (name) => {
    const { instrument, unit, meaning, labels, buckets }: MetricDeclaration = METRICS[name];
    expect(name).toMatch(/^tributary(\.[a-z][a-z_]*){2,}$/);
    expect(unit).toMatch(/^(1|s|By|\{[a-z]+\})$/);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    for (const label of Object.keys(labels)) expect(label).toMatch(/^[a-z_]+$/);
    const series = Object.values(labels).reduce((product, { atMost }) => product * atMost, 1);
    expect(series * (buckets ? buckets.length + 3 : 1)).toBeLessThanOrEqual(MAX_SERIES);
    expect(buckets !== undefined).toBe(instrument === 'histogram');
  });

  test('every metric of it is recorded somewhere', () => {
    const sources = ['platform/src', 'functions', 'run-services', 'local-emulator/src']
      .flatMap(sourcesBelow)
      .join('\n');
    const isRecorded = (name: string) =>
      new RegExp(`\\b(count|measure|set)\\(\\s*'${name.replaceAll('.', '\\.')}'`).test(sources);
    expect(names.filter((name) => !isRecorded(name))).toEqual([]);
  });

  test('is what OpenTelemetry exports to Prometheus, name by name', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    reportTo(
      exporter,
      'test',
      { adapter: 'none', projectId: '', location: '' },
      { everyMs: 3_600_000, flushAfterMs: 0 },
    );
    for (const name of names) {
      const { instrument, labels }: MetricDeclaration = METRICS[name];
      const values = Object.fromEntries(Object.keys(labels).map((label) => [label, 'x'])) as never;
      if (instrument === 'counter') count(name as 'tributary.stage.rows', 1, values);
      if (instrument === 'gauge') set(name as 'tributary.cost.budget', 1, values);
      if (instrument === 'histogram') measure(name as 'tributary.stage.waited', 1, values);
    }
    await flushMetrics();
    const text = new PrometheusSerializer(undefined, false, undefined, true, true).serialize(
      exporter.getMetrics().at(-1)!,
    );
    await stopMetrics();
    const exported = new Map(
      [...text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)].map(([, name, labels = '']) => [
        name!,
        [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label!).sort(),
      ]),
    );
    const expected = new Map(exportedSeries().map(({ name, labels }) => [name, [...labels].sort()]));
    expect(Object.fromEntries(exported)).toEqual(Object.fromEntries(expected));
  });

  test.each([
    ['docs/metrics.md', metricsDocument],
    ['observability/cloud-monitoring.json', cloudMonitoringDocument],
  ])('%s is made from it; node platform/src/metrics/write-documents.ts writes it', (path, make) => {
    expect(readFileSync(new URL(path, ROOT), 'utf8')).toBe(make());
  });
});

function sourcesBelow(folder: string): string[] {
  const root = fileURLToPath(new URL(folder, ROOT));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(i?test)\.ts$|node_modules|[/\\]testing[/\\]/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'));
}
