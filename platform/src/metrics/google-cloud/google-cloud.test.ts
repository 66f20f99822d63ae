import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../../config/index.ts';
import { cloudAlerts, rulesSchema } from './alerts.ts';
import { cloudDashboard } from './dashboards.ts';
import { googleCloudDocuments } from './documents.ts';
import { cloudQuery, isOfTheLaptop } from './query.ts';

const FOLDER = new URL('observability/google-cloud/', ROOT);
const read = (file: string): string => readFileSync(new URL(file, FOLDER), 'utf8');
const alerts = (JSON.parse(googleCloudDocuments().get('alerts.json')!) as { alerts: ReturnType<typeof cloudAlerts> })
  .alerts;

describe('a query of Prometheus for Cloud Monitoring', () => {
  test.each([
    ['max(tributary_commit_waiting)', 'max({"tributary.commit.waiting"})'],
    [
      'sum by (code) (increase(tributary_stage_runs_total{stage="transform",outcome="failed"}[30m])) > 2',
      'sum by (code) (increase({"tributary.stage.runs",stage="transform",outcome="failed"}[30m])) > 2',
    ],
    [
      'histogram_quantile(0.95, sum by (le) (rate(tributary_bridge_duration_bucket[$__rate_interval])))',
      'histogram_quantile(0.95, sum by (le) (rate({"tributary.bridge.duration_bucket"}[5m])))',
    ],
    [
      'sum(tributary_cost_bytes_billed_today) / max(tributary_cost_budget) >= 0.8',
      'sum({"tributary.cost.bytes_billed_today"}) / max({"tributary.cost.budget"}) >= 0.8',
    ],
    [
      'max({"redis.googleapis.com/stats/memory/usage_ratio"})',
      'max({"redis.googleapis.com/stats/memory/usage_ratio"})',
    ],
  ])('%s', (query, expected) => {
    expect(cloudQuery(query)).toBe(expected);
  });

  test('is refused where the registry exports no such series', () => {
    expect(() => cloudQuery('max(tributary_no_such_metric)')).toThrow(/no series that the registry exports/);
  });

  test('is known to be a laptop’s where Flink or Kafka would answer it', () => {
    expect(isOfTheLaptop('max(tributary_pipeline_running) == 0')).toBe(true);
    expect(isOfTheLaptop('sum(tributary_bus_lag{topic="features"})')).toBe(true);
    expect(isOfTheLaptop('max(tributary_observer_looked)')).toBe(false);
  });
});

describe('alerts', () => {
  const rule = (expr: string) => ({
    alert: 'A',
    expr,
    for: '10m',
    labels: { severity: 'page' as const },
    annotations: { summary: 'Of {{ $labels.stream }}.', runbook: 'stream-stale' },
  });

  test('keep their time, severity and runbook, and name labels as policies do', () => {
    expect(cloudAlerts([{ groups: [{ name: 'g', rules: [rule('max(tributary_observer_looked)')] }] }])).toEqual([
      {
        name: 'A',
        group: 'g',
        query: 'max({"tributary.observer.looked"})',
        duration_seconds: 600,
        severity: 'page',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Cloud Monitoring's own variable.
        summary: 'Of ${metric_or_resource.label.stream}.',
        runbook: 'stream-stale',
      },
    ]);
  });

  test('of what only a laptop has are left out', () => {
    expect(cloudAlerts([{ groups: [{ name: 'g', rules: [rule('max(tributary_pipeline_running) == 0')] }] }])).toEqual(
      [],
    );
  });

  test('have names of their own and runbooks that exist', () => {
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
    for (const { runbook } of alerts) expect(existsSync(new URL(`docs/runbooks/${runbook}.md`, ROOT))).toBe(true);
  });

  test('cover freshness, backlog, dead letters, error rate, replication-slot lag and cost', () => {
    const names = alerts.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...[
          'StreamStale',
          'ViewStale',
          'BacklogOld',
          'Undeliverable',
          'DeadLetters',
          'ServiceErrors',
          'FunctionFailing',
        ],
        ...['ReplicationSlotLag', 'BridgeSilent', 'StreamJobDown', 'OptionalWorkStopped', 'RequiredWorkStopped'],
      ]),
    );
  });

  test('ask for a log-based metric only where one is made', () => {
    const made = Object.keys(parse(read('log-metrics.yml')) as object);
    const asked = alerts.flatMap(({ query }) => [...query.matchAll(/user\/tributary\/(\w+)/g)].map(([, name]) => name));
    expect(asked.length).toBeGreaterThan(0);
    expect(made).toEqual(expect.arrayContaining(asked));
  });
});

describe('dashboards', () => {
  const panel = (expr: string) => ({
    title: 'P',
    type: 'timeseries',
    gridPos: { x: 8, y: 1, w: 8, h: 8 },
    fieldConfig: { defaults: { unit: 's' } },
    targets: [{ expr }],
  });

  test('keep the places of their panels', () => {
    const made = cloudDashboard(
      { title: 'D', panels: [panel('max(tributary_observer_looked)')] },
      { dashboard: [], instead: {} },
    );
    expect(made).toMatchObject({
      displayName: 'D',
      mosaicLayout: {
        columns: 48,
        tiles: [
          {
            ...{ xPos: 16, yPos: 2, width: 16, height: 16 },
            widget: {
              title: 'P',
              xyChart: {
                dataSets: [
                  { timeSeriesQuery: { prometheusQuery: 'max({"tributary.observer.looked"})', unitOverride: 's' } },
                ],
              },
            },
          },
        ],
      },
    });
  });

  test('are refused where a panel would stay empty in the cloud', () => {
    expect(() =>
      cloudDashboard({ title: 'D', panels: [panel('max(tributary_bus_lag)')] }, { dashboard: [], instead: {} }),
    ).toThrow(/only a laptop has/);
  });

  test('put a panel of Google’s in the place of a laptop’s', () => {
    const instead = { P: { title: 'Q', unit: '1', query: 'max({"x"})' } };
    const made = JSON.stringify(
      cloudDashboard({ title: 'D', panels: [panel('max(tributary_bus_lag)')] }, { dashboard: [], instead }),
    );
    expect(made).toContain('"title":"Q"');
    expect(made).not.toContain('tributary');
  });
});

test('the files are those that are made now: node platform/src/metrics/write-documents.ts', () => {
  const made = googleCloudDocuments();
  for (const [file, content] of made) expect(read(file)).toBe(content);
  const dashboards = readdirSync(new URL('dashboards/', FOLDER)).map((file) => `dashboards/${file}`);
  expect([...made.keys()].filter((file) => file.startsWith('dashboards/')).sort()).toEqual(dashboards.sort());
});

test('the rules of Google’s own metrics have the form of Prometheus’', () => {
  expect(rulesSchema.parse(parse(read('rules.yml'))).groups.length).toBeGreaterThan(0);
});
