/** BigQuery's daily quotas, and so our days, begin at midnight Pacific Time. https://cloud.google.com/bigquery/docs/custom-quotas */
const PACIFIC = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/Los_Angeles',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** The longest day there is: the one on which summer time ends. */
export const LONGEST_DAY_MS = 25 * 3_600_000;

/** The day of BigQuery's quotas that an instant, in milliseconds, belongs to: `YYYY-MM-DD`. */
export function quotaDay(instant: number): string {
  return PACIFIC.format(instant);
}
