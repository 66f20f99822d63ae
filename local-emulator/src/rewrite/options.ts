import { UserError } from '@tributary/platform/errors';

export interface BackfillOptions {
  readonly from?: string;
  readonly to?: string;
  readonly settle?: string;
}

export interface CompactOptions {
  readonly stream?: string;
  readonly olderThan?: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const DURATION = /^(\d{1,6})(s|m|h|d)$/;
/** A day, or a time with its zone. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/;

/** The pipeline's arguments for a backfill. Without `--to` the range ends now: files that are too young are left out by the pipeline itself. */
export function backfillArguments(stream: string, options: BackfillOptions, now: Date): Record<string, string> {
  if (options.from === undefined)
    throw new UserError('BACKFILL_RANGE', 'A backfill needs --from: a day or a time, such as 2026-11-21T05:00:00Z.');
  const from = timeOf('--from', options.from);
  const to = options.to === undefined ? now.toISOString() : timeOf('--to', options.to);
  if (Date.parse(from) >= Date.parse(to)) throw new UserError('BACKFILL_RANGE', '--from must be before --to.');
  return {
    source: 'backfill',
    stream,
    from,
    to,
    ...(options.settle === undefined ? {} : { settleSeconds: String(secondsOf('--settle', options.settle)) }),
  };
}

/** The pipeline's arguments for a compaction. */
export function compactArguments({ stream, olderThan }: CompactOptions): Record<string, string> {
  return {
    source: 'compact',
    ...(stream === undefined ? {} : { stream }),
    ...(olderThan === undefined ? {} : { olderThanSeconds: String(secondsOf('--older-than', olderThan)) }),
  };
}

/** A day alone is its first instant in UTC. */
function timeOf(option: string, text: string): string {
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UserError(
      'REWRITE_TIME',
      `${option} ${text} is neither a day nor a time with its zone: 2026-11-21T05:00:00Z.`,
    );
  // Microseconds that a Date would drop stay as they are.
  if (!text.includes('T')) return `${text}T00:00:00Z`;
  return /T\d\d:\d\d(Z|[+-])/.test(text) ? text.replace(/(T\d\d:\d\d)/, '$1:00') : text;
}

function secondsOf(option: string, text: string): number {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined || unit === undefined)
    throw new UserError('REWRITE_DURATION', `${option} ${text} is no duration such as 90s, 10m, 2h or 1d.`);
  return Number(amount) * UNITS[unit]!;
}
