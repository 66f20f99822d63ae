import { z } from 'zod';
import { cloudQuery, isOfTheLaptop } from './query.ts';

const grafanaSchema = z.object({
  title: z.string(),
  panels: z.array(
    z.object({
      title: z.string(),
      type: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }).optional(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});
const panelSchema = z.strictObject({ title: z.string(), unit: z.string(), query: z.string() });

/** observability/google-cloud/panels.yml */
export const ownPanelsSchema = z.strictObject({
  dashboard: z.array(panelSchema),
  instead: z.record(z.string(), panelSchema),
});
export type OwnPanels = z.output<typeof ownPanelsSchema>;

/** Grafana's grid has 24 columns, a mosaic 48. */
const SCALE = 2;
const COLUMNS = 48;
const CHART = { width: 16, height: 16 };

/** Grafana's units as UCUM has them, which Cloud Monitoring knows. */
const UNITS: Readonly<Record<string, string>> = {
  s: 's',
  bytes: 'By',
  Bps: 'By/s',
  cps: '1/s',
  rowsps: '1/s',
  percentunit: '10^2.%',
  short: '1',
  none: '1',
};

interface Place {
  readonly xPos: number;
  readonly yPos: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A dashboard of Grafana as Cloud Monitoring has them.
 * https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards
 *
 * @throws {Error} where a panel asks for what only a laptop has and `instead` has nothing in its place.
 */
export function cloudDashboard(grafana: unknown, { instead }: OwnPanels): object {
  const { title, panels } = grafanaSchema.parse(grafana);
  const tiles = panels.map(({ title: name, type, gridPos, fieldConfig, targets }) => {
    const place = {
      xPos: gridPos.x * SCALE,
      yPos: gridPos.y * SCALE,
      width: gridPos.w * SCALE,
      height: gridPos.h * SCALE,
    };
    if (type === 'row')
      return { ...place, widget: { title: name, sectionHeader: { subtitle: '', dividerBelow: false } } };
    if (targets.some(({ expr }) => isOfTheLaptop(expr))) {
      const own = instead[name];
      if (!own)
        throw new Error(`"${name}" asks for what only a laptop has; put a panel in its place (panels.yml, instead)`);
      return chart(place, own.title, own.unit, [own.query]);
    }
    const unit = UNITS[fieldConfig?.defaults.unit ?? 'none'];
    if (unit === undefined) throw new Error(`"${name}" has a unit that Cloud Monitoring is not told of`);
    return chart(
      place,
      name,
      unit,
      targets.map(({ expr }) => cloudQuery(expr)),
    );
  });
  return { displayName: title, mosaicLayout: { columns: COLUMNS, tiles } };
}

/** What Google's services measure themselves. */
export function platformDashboard({ dashboard }: OwnPanels): object {
  const perRow = COLUMNS / CHART.width;
  const tiles = dashboard.map(({ title, unit, query }, index) =>
    chart(
      { xPos: (index % perRow) * CHART.width, yPos: Math.floor(index / perRow) * CHART.height, ...CHART },
      title,
      unit,
      [query],
    ),
  );
  return { displayName: 'Tributary: Google Cloud', mosaicLayout: { columns: COLUMNS, tiles } };
}

function chart(place: Place, title: string, unit: string, queries: readonly string[]): object {
  return {
    ...place,
    widget: {
      title,
      xyChart: {
        dataSets: queries.map((prometheusQuery) => ({
          timeSeriesQuery: { prometheusQuery, unitOverride: unit },
          plotType: 'LINE',
          targetAxis: 'Y1',
        })),
        yAxis: { scale: 'LINEAR' },
      },
    },
  };
}
