import { z } from 'zod';
import type { BilledJob } from './billed-jobs.ts';
import { LONGEST_DAY_MS, quotaDay } from './day.ts';

/** What a day has cost so far, as kept in the lake at `control/cost/account.json`. */
const accountSchema = z.object({
  /** Of BigQuery's quotas, `YYYY-MM-DD`. */
  day: z.string(),
  bytes: z.number().min(0),
  /** The day's bytes by stage. */
  stages: z.record(z.string(), z.number()),
  /** When BigQuery was last asked, in milliseconds. */
  lookedAt: z.number(),
  /** The next look begins with jobs created here, in milliseconds … */
  from: z.number(),
  /** … and leaves these out, for they are counted: their ids, and when they were created. */
  counted: z.record(z.string(), z.number()),
  /** Incidents that are open, and how often each was raised. */
  raised: z.record(z.string(), z.object({ open: z.boolean(), times: z.int().min(1) })),
});

export type Account = Readonly<z.output<typeof accountSchema>>;

/** The stored account; undefined where it is not of this version. */
export function readAccount(body: Buffer): Account | undefined {
  try {
    return accountSchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Jobs turn up in BigQuery's list a moment after they were made, so each look goes back a little. */
const LOOK_BACK_MS = 2 * 60_000;

/** A job runs for six hours at most; one that has no end after a day never tells its price. https://cloud.google.com/bigquery/quotas#query_jobs */
const GIVEN_UP_MS = LONGEST_DAY_MS;

/** Where a look has to begin: where the last one said, or with the day. */
export function lookFrom(account: Account | undefined, now: number): number {
  return Math.max(account?.from ?? 0, now - LONGEST_DAY_MS);
}

/**
 * The account after a look, and the jobs that it found ended and had not counted before. Each job counts once, on the day it was created, however many looks see it.
 */
export function afterLook(
  before: Account | undefined,
  jobs: readonly BilledJob[],
  now: number,
): { readonly account: Account; readonly ended: readonly BilledJob[] } {
  // Never back: whose clock is behind at midnight would begin the new day twice.
  const day = before && before.day > quotaDay(now) ? before.day : quotaDay(now);
  const today = before?.day === day ? before : undefined;
  const counted = new Map(Object.entries(before?.counted ?? {}));
  const ended = jobs.filter(({ id, endedAt }) => endedAt !== undefined && !counted.has(id));
  for (const { id, createdAt } of ended) counted.set(id, createdAt);
  const stages = { ...today?.stages };
  let bytes = today?.bytes ?? 0;
  for (const job of ended) {
    if (quotaDay(job.createdAt) !== day) continue;
    bytes += job.bytesBilled;
    stages[stageOf(job)] = (stages[stageOf(job)] ?? 0) + job.bytesBilled;
  }
  const running = jobs.filter(({ endedAt, createdAt }) => endedAt === undefined && createdAt > now - GIVEN_UP_MS);
  // By BigQuery's clock alone: those who look may disagree on the time.
  const newest = jobs.reduce((latest, { createdAt }) => Math.max(latest, createdAt), 0);
  const goOn = running.reduce((first, { createdAt }) => Math.min(first, createdAt), newest - LOOK_BACK_MS);
  const begun = lookFrom(before, now);
  const from = jobs.length === 0 ? begun : Math.max(begun, goOn);
  // What was created before will not be listed again. The rest is kept also where this look did not list it: lists lag.
  const known = Object.fromEntries([...counted].filter(([, createdAt]) => createdAt >= from));
  const account = { day, bytes, stages, lookedAt: now, from, counted: known, raised: before?.raised ?? {} };
  return { account, ended };
}

/** Which part of the platform a job belongs to, by its labels. */
export function stageOf({ labels }: Pick<BilledJob, 'labels'>): string {
  return labels.stage ?? labels.component ?? 'unknown';
}
