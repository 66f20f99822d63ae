import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ROOT } from '../../config/index.ts';
import { cloudAlerts, rulesSchema } from './alerts.ts';
import { cloudDashboard, ownPanelsSchema, platformDashboard } from './dashboards.ts';

const OBSERVABILITY = new URL('observability/', ROOT);
const RULES = ['prometheus/rules/tributary.yml', 'google-cloud/rules.yml'];

/** Files below observability/google-cloud/ that are made from the rules and dashboards of Prometheus and Grafana, for terraform/modules/monitoring. */
export function googleCloudDocuments(): Map<string, string> {
  const own = ownPanelsSchema.parse(parse(text('google-cloud/panels.yml')));
  const dashboards = readdirSync(new URL('grafana/dashboards/', OBSERVABILITY)).map(
    (file) => [file, cloudDashboard(JSON.parse(text(`grafana/dashboards/${file}`)), own)] as const,
  );
  const alerts = cloudAlerts(RULES.map((file) => rulesSchema.parse(parse(text(file)))));
  return new Map([
    ['alerts.json', json({ alerts })],
    ...dashboards.map(([file, dashboard]) => [`dashboards/${file}`, json(dashboard)] as const),
    ['dashboards/tributary-google-cloud.json', json(platformDashboard(own))],
  ]);
}

function text(file: string): string {
  return readFileSync(new URL(file, OBSERVABILITY), 'utf8');
}

function json(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
