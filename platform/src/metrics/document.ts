import type { MetricDeclaration } from './declare.ts';
import { cloudMonitoringType, exportedSeries } from './exported.ts';
import { METRICS, type MetricName } from './registry.ts';

const names = Object.keys(METRICS) as MetricName[];

/** docs/metrics.md, of the registry. */
export function metricsDocument(): string {
  const rows = names.map((name) => {
    const { instrument, unit, meaning, labels }: MetricDeclaration = METRICS[name];
    const told = Object.entries(labels).map(([label, each]) => `\`${label}\` (≤ ${each.atMost}): ${each.meaning}`);
    return `| \`${name}\` | ${instrument} | \`${unit}\` | ${meaning} | ${told.join('<br>')} |`;
  });
  const series = exportedSeries().map(({ name, labels }) => `${name}{${labels.join(', ')}}`);
  return `# Metrics

Made from [registry.ts](../platform/src/metrics/registry.ts) by \`node platform/src/metrics/write-documents.ts\`; a test compares them.

Every process reports through OpenTelemetry. On a laptop all of them are at one Prometheus endpoint: \`/metrics\` of the component \`metrics\` (\`npm run status\` shows its address).
With \`METRICS=cloud-monitoring\` they go to Google's OTLP endpoint, and are \`prometheus.googleapis.com/<name>/<instrument>\` in Cloud Monitoring
([the list](../observability/cloud-monitoring.json)). Dashboards and alerts: [observability](../observability/README.md).

Units are UCUM's. A label's number is how many values it has at most, for a deployment of ten streams. Instants are Unix seconds: \`time() - x\` is an age.

| metric | instrument | unit | meaning | labels |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

## As Prometheus has them

\`\`\`
${series.join('\n')}
\`\`\`
`;
}

/** observability/cloud-monitoring.json: what alerting policies in Cloud Monitoring name. */
export function cloudMonitoringDocument(): string {
  const metrics = names.map((name) => {
    const { instrument, unit, labels }: MetricDeclaration = METRICS[name];
    const meanings = Object.fromEntries(Object.entries(labels).map(([label, each]) => [label, each.meaning]));
    return { name, type: cloudMonitoringType(name), instrument, unit, labels: meanings };
  });
  return `${JSON.stringify({ metrics }, null, 2)}\n`;
}
