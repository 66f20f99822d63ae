import { TransientError } from '@tributary/platform/errors';

const HOUR_MS = 3_600_000;
/** A job counts from the hour it was begun in until that whole hour is a day ago: never for less than the day that BigQuery looks back. */
const HOURS_COUNTED = 25;

/** Jobs begun in one hour. */
export interface HourOfJobs {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly jobs: number;
}

/**
 * How many load jobs a table may still get. The day is not the calendar's: BigQuery's own limit refills over 24 hours
 * (https://cloud.google.com/bigquery/docs/optimize-load-jobs), so a burst before midnight and one after it count together.
 */
export interface BudgetStanding {
  /** Jobs in any 24 hours. */
  readonly limit: number;
  readonly spent: number;
  readonly left: number;
  /** Until the first of the spent jobs no longer counts, in milliseconds; 0 where none was spent. */
  readonly refillsInMs: number;
}

/** The hours whose jobs still count. */
export function counted<H extends HourOfJobs>(hours: readonly H[], now: number): H[] {
  return hours.filter(({ start }) => start + HOURS_COUNTED * HOUR_MS > now);
}

/** The hours with one job more. */
export function withJob(hours: readonly HourOfJobs[], now: number): HourOfJobs[] {
  const start = Math.floor(now / HOUR_MS) * HOUR_MS;
  const jobs = hours.find((hour) => hour.start === start)?.jobs ?? 0;
  return [...counted(hours, now).filter((hour) => hour.start !== start), { start, jobs: jobs + 1 }];
}

export function standing(hours: readonly HourOfJobs[], limit: number, now: number): BudgetStanding {
  const counting = counted(hours, now);
  const spent = counting.reduce((sum, { jobs }) => sum + jobs, 0);
  const oldest = Math.min(...counting.map(({ start }) => start));
  const refillsInMs = spent === 0 ? 0 : oldest + HOURS_COUNTED * HOUR_MS - now;
  return { limit, spent, left: Math.max(0, limit - spent), refillsInMs };
}

/**
 * The spacing that makes what is left of a budget last until some of it is back: hardly any while little is spent, so that bursts pass, and towards its end the
 * time that remains divided by the jobs that remain, so that it does not run out before.
 */
export function stretchedSpacing({ limit, spent, left, refillsInMs }: BudgetStanding): number {
  return left === 0 ? refillsInMs : Math.floor((spent / limit) * (refillsInMs / left));
}

/** The budget of a stream's table is spent: nothing more is loaded until some of it is back, and nothing is lost. */
export class LoadBudgetSpent extends TransientError {
  /** As `BudgetStanding` has it. */
  readonly refillsInMs: number;

  constructor(stream: string, { limit, refillsInMs }: BudgetStanding) {
    super('LOAD_BUDGET_SPENT', budgetMessage(stream, { limit, refillsInMs }));
    this.name = 'LoadBudgetSpent';
    this.refillsInMs = refillsInMs;
  }
}

export function budgetMessage(stream: string, { limit, refillsInMs }: Pick<BudgetStanding, 'limit' | 'refillsInMs'>) {
  const minutes = Math.ceil(refillsInMs / 60_000);
  return `All ${limit} load jobs of a day are used for staging.${stream}; what arrives waits in the lake, for ${minutes} min. Write fewer and larger files, find out why jobs were refused, or raise LOAD_JOBS_PER_DAY (BigQuery takes 1,500).`;
}
