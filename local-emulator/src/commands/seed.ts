import { join } from 'node:path';
import { readConfigFrom } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { startMetrics, stopMetrics } from '@tributary/platform/metrics';
import {
  DEFAULT_INPUT,
  type Pace,
  parseRate,
  parseSpeed,
  reportProgress,
  type SeedSummary,
  type SourceFormat,
  seed,
} from '@tributary/seeder';
import { environmentOf } from '../instance/environment.ts';
import { stateRoot } from '../instance/folders.ts';
import { currentInstance } from './lifecycle.ts';
import { table } from './table.ts';

export interface SeedOptions {
  /** A file or folder; the committed mock events where left out. */
  readonly input?: string;
  readonly format: SourceFormat;
  readonly rate?: string;
  readonly speed?: string;
}

/** Seeds the running instance's database and prints what was done. */
export async function seedRunning(options: SeedOptions): Promise<void> {
  const instance = currentInstance();
  if (instance === undefined)
    throw new UserError('NOTHING_RUNNING', 'Nothing is running to write to. "npm run up" starts everything.');
  const state = join(stateRoot(), instance);
  const summary = await seedInto(environmentOf(state), options, join(state, 'rejects.ndjson'));
  const rejected = Object.entries(summary.rejects);
  process.stdout.write(
    `${summary.inserted} inserted, ${summary.updated} updated, ${summary.deleted} deleted, ${summary.alreadyApplied} already there\n`,
  );
  if (rejected.length > 0)
    process.stdout.write(
      `rejected, each with its place in ${summary.rejectsFile}\n${table(
        ['reason', 'lines'],
        rejected.map(([reason, count]) => [reason, String(count)]),
      )}`,
    );
}

/** Seeds the database that an environment points at, with a progress bar; a restarting database is waited for. */
export async function seedInto(
  env: Readonly<Record<string, string>>,
  options: SeedOptions,
  rejectsPath: string,
): Promise<SeedSummary> {
  const progress = reportProgress();
  startMetrics('seeder', readConfigFrom(env, 'metrics').metrics);
  try {
    return await seed({
      input: options.input ?? DEFAULT_INPUT,
      format: options.format,
      pace: paceOf(options),
      pg: readConfigFrom(env, 'postgres').postgres,
      rejectsPath,
      onProgress: progress.show,
      onRetry: ({ code, delayMs }) => progress.say(`waiting for Postgres (${code}), next try in ${delayMs} ms`),
    });
  } finally {
    progress.end();
    await stopMetrics();
  }
}

/** @throws {UserError} SEED_PACE where both are given, PACE_INVALID where one cannot be read */
export function paceOf({ rate, speed }: Pick<SeedOptions, 'rate' | 'speed'>): Pace | undefined {
  if (rate !== undefined && speed !== undefined)
    throw new UserError(
      'SEED_PACE',
      '--rate and --speed exclude each other: a fixed rate, or the recorded time so many times faster.',
    );
  if (rate !== undefined) return parseRate(rate);
  return speed === undefined ? undefined : parseSpeed(speed);
}
