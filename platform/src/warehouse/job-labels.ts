/** Every job carries it, so that the platform's costs are told from others' in the project. */
export const APP_LABEL = { app: 'tributary' } as const;

/** Labels of a job as BigQuery takes them: lower-case letters, digits, _ and -, at most 63. https://cloud.google.com/bigquery/docs/labels-intro#requirements */
export function jobLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const legal = (text: string) =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '-')
      .slice(0, 63);
  return {
    ...APP_LABEL,
    ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [legal(name), legal(value)])),
  };
}
