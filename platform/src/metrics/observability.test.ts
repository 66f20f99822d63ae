import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../config/index.ts';
import { type CheckedQuery, checkQuery } from './testing/promql.ts';

const OBSERVABILITY = new URL('observability/', ROOT);
const DASHBOARDS = new URL('grafana/dashboards/', OBSERVABILITY);
const RULES = new URL('prometheus/rules/', OBSERVABILITY);

const panelSchema = z.object({
  id: z.number(),
  title: z.string().min(1),
  type: z.enum(['timeseries', 'stat', 'row']),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }).optional(),
  targets: z
    .array(
      z.object({ expr: z.string(), legendFormat: z.string(), datasource: z.object({ uid: z.literal('tributary') }) }),
    )
    .default([]),
});
const dashboardSchema = z.object({ uid: z.string(), title: z.string(), panels: z.array(panelSchema).min(1) });

const ruleSchema = z.strictObject({
  alert: z.string().regex(/^[A-Z]\w+$/),
  expr: z.string(),
  for: z
    .string()
    .regex(/^\d+[smhd]$/)
    .optional(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({ summary: z.string().min(1), runbook: z.string() }),
});
const rulesSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(ruleSchema).min(1) })).min(1),
});

const dashboards = readdirSync(DASHBOARDS).map((file) => ({
  file,
  ...dashboardSchema.parse(JSON.parse(readFileSync(new URL(file, DASHBOARDS), 'utf8'))),
}));
const panels = dashboards.flatMap(({ file, panels: all }) =>
  all.map((panel) => ({ ...panel, name: `${file}: ${panel.title}` })),
);
const queries = panels.flatMap(({ name, fieldConfig, targets }) =>
  targets.map(({ expr, legendFormat }) => ({ name, expr, legendFormat, unit: fieldConfig?.defaults.unit })),
);
const rules = readdirSync(RULES)
  .flatMap((file) => rulesSchema.parse(parse(readFileSync(new URL(file, RULES), 'utf8'))).groups)
  .flatMap((group) => group.rules);

/** Grafana replaces it by at least four scrape intervals. */
const checked = (expr: string): CheckedQuery => checkQuery(expr.replaceAll('$__rate_interval', '1m'));

/** Grafana's units for what a query answers, by the unit of what it reads. */
function unitsFor({ units, functions, isRatio }: CheckedQuery): readonly string[] {
  if (isRatio) return ['percentunit'];
  const [unit = ''] = [...units];
  // A quantile of buckets, which are counts, is in the unit of what was measured; durations are all there is.
  if (functions.has('histogram_quantile')) return ['s'];
  if (unit === 's') return ['s'];
  if (unit === 'By') return functions.has('rate') ? ['Bps'] : ['bytes'];
  if (unit === '1') return ['none'];
  if (!functions.has('rate')) return ['short'];
  return unit === '{row}' ? ['rowsps'] : ['cps'];
}

describe('every dashboard panel', () => {
  test.each(queries)('$name: asks for what the registry exports, in its unit', ({ expr, unit, legendFormat }) => {
    const query = checked(expr);
    expect(query.faults).toEqual([]);
    expect(unitsFor(query)).toContain(unit);
    for (const [, label] of legendFormat.matchAll(/{{(\w+)}}/g)) expect(query.labels).toContain(label);
  });

  test('has a place and a number of its own', () => {
    for (const { file, panels: all } of dashboards) {
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      const cells = all.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, n) => `${file} ${x + (n % w)},${y + Math.floor(n / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
    }
  });
});

describe('every alert', () => {
  test.each(rules)(
    '$alert: asks for what the registry exports and names a runbook that exists',
    ({ expr, annotations }) => {
      const query = checked(expr);
      expect(query.faults).toEqual([]);
      for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g)) expect(query.labels).toContain(label);
      expect(existsSync(new URL(`docs/runbooks/${annotations.runbook}.md`, ROOT))).toBe(true);
    },
  );

  test('has a name of its own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe('a query is found at fault', () => {
  test.each([
    ['sum(rate(tributary_stage_rows_total[5m])', /does not parse/],
    ['max(tributary_no_such_metric)', /names no metric/],
    ['sum(rate(tributary_stage_rows[5m]))', /names no metric/],
    ['sum(rate(tributary_stage_rows_total{stream="orders"}[5m]))', /has no label stream/],
    ['sum by (nobody) (rate(tributary_stage_rows_total[5m]))', /has a label nobody/],
    ['sum(tributary_stage_rows_total)', /ask for its rate/],
    ['sum(rate(tributary_commit_waiting[5m]))', /is a gauge/],
    ['histogram_quantile(0.9, rate(tributary_stage_duration[5m]))', /names no metric/],
  ])('%s', (query, fault) => {
    expect(checkQuery(query).faults.join('\n')).toMatch(fault);
  });
});
