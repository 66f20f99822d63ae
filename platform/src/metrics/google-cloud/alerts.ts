import { z } from 'zod';
import { cloudQuery, isOfTheLaptop } from './query.ts';

const ruleSchema = z.object({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.object({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.object({ summary: z.string(), runbook: z.string() }),
});

/** A file of alerting rules, as Prometheus reads it. */
export const rulesSchema = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(ruleSchema) })),
});
export type Rules = z.output<typeof rulesSchema>;

/** An alert as terraform/modules/monitoring makes a policy of it. */
export interface CloudAlert {
  readonly name: string;
  readonly group: string;
  readonly query: string;
  /** How long the query must have an answer. */
  readonly duration_seconds: number;
  readonly severity: 'page' | 'ticket';
  /** Markdown, with labels as policies name them. */
  readonly summary: string;
  /** Page of docs/runbooks. */
  readonly runbook: string;
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Every rule but those that ask for what only a laptop has. */
export function cloudAlerts(files: readonly Rules[]): CloudAlert[] {
  return files
    .flatMap(({ groups }) => groups)
    .flatMap(({ name: group, rules }) =>
      rules
        .filter(({ expr }) => !isOfTheLaptop(expr))
        .map(({ alert, expr, for: lasting = '0s', labels, annotations }) => ({
          name: alert,
          group,
          query: cloudQuery(expr),
          duration_seconds: secondsOf(lasting),
          severity: labels.severity,
          // https://cloud.google.com/monitoring/alerts/doc-variables#doc-vars
          summary: annotations.summary.replaceAll(
            /\{\{ \$labels\.(\w+) \}\}/g,
            (_, label: string) => `\${metric_or_resource.label.${label}}`,
          ),
          runbook: annotations.runbook,
        })),
    );
}

function secondsOf(duration: string): number {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const seconds = Number(number) * (SECONDS[unit ?? ''] ?? Number.NaN);
  if (Number.isNaN(seconds)) throw new Error(`${duration} is no duration, such as 10m`);
  return seconds;
}
