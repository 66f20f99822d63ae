import { readConfig } from '@tributary/platform/config';
import { TributaryError } from '@tributary/platform/errors';
import { Command, Option } from 'commander';
import { DEFAULT_INPUT } from './config.ts';
import { migrate } from './migrate.ts';
import { type Pace, parseRate, parseSpeed } from './pace.ts';
import { reportProgress } from './progress.ts';
import { type SeedSummary, seed } from './seed.ts';
import { SOURCE_FORMATS, type SourceFormat } from './sources/index.ts';

/** Exit statuses: sysexits.h where it has one, so that a script can tell “mend it” from “try again”. */
const EXIT = { user: 1, bug: 70, transient: 75, interrupted: 130 } as const;

/** Shown under the summary; `--rejects` has all. */
const SAMPLES_SHOWN = 5;

interface SeedFlags {
  readonly input: string;
  readonly format: SourceFormat;
  readonly rate?: string;
  readonly speed?: string;
  readonly rejects?: string;
  readonly json?: true;
}

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());

const program = new Command('seeder').description(
  'Writes recorded events to the application database as the application would.',
);

program
  .command('seed', { isDefault: true })
  .description('write an input to the database; the same command again resumes or does nothing')
  .option('--input <path>', 'a file, or a folder of them', DEFAULT_INPUT)
  .addOption(new Option('--format <format>', 'what the input is').choices(SOURCE_FORMATS).default('ndjson'))
  .addOption(new Option('--rate <n/s>', 'operations a second, such as 500/s').conflicts('speed'))
  .option('--speed <factor>', 'replay the recorded time so many times faster, such as 3600')
  .option('--rejects <file>', 'write every rejected line, one JSON object each')
  .option('--json', 'print the summary as JSON')
  .action(async (flags: SeedFlags) => {
    const pace = paceOf(flags);
    const { postgres } = readConfig('postgres');
    const progress = reportProgress();
    const started = performance.now();
    try {
      const summary = await seed({
        input: flags.input,
        format: flags.format,
        pace,
        pg: postgres,
        rejectsPath: flags.rejects,
        signal: interrupted.signal,
        onProgress: progress.show,
        onRetry: ({ code, delayMs }) => progress.say(`waiting for Postgres (${code}), next try in ${delayMs} ms`),
      });
      progress.end();
      const seconds = (performance.now() - started) / 1000;
      process.stdout.write(flags.json ? `${JSON.stringify({ ...summary, seconds })}\n` : describe(summary, seconds));
    } finally {
      progress.end();
    }
  });

program
  .command('migrate')
  .description('bring the tables to the newest migration')
  .action(async () => {
    const { postgres } = readConfig('postgres');
    const { applied } = await migrate(postgres, {
      signal: interrupted.signal,
      onRetry: ({ code, delayMs }) =>
        process.stderr.write(`waiting for Postgres (${code}), next try in ${delayMs} ms\n`),
    });
    process.stdout.write(applied.length > 0 ? `applied ${applied.join(', ')}\n` : 'up to date\n');
  });

function paceOf({ rate, speed }: SeedFlags): Pace | undefined {
  if (rate !== undefined) return parseRate(rate);
  return speed === undefined ? undefined : parseSpeed(speed);
}

function describe(summary: SeedSummary, seconds: number): string {
  const { operations, inserted, updated, deleted, alreadyApplied, rejects, rejectSamples, rejectsFile } = summary;
  const reasons = Object.entries(rejects);
  const rejected = reasons.reduce((sum, [, count]) => sum + count, 0);
  const lines = [
    `${operations} operations in ${seconds.toFixed(1)} s: ${inserted} inserted, ${updated} updated, ${deleted} deleted, ${alreadyApplied} already applied`,
    `${rejected} lines rejected${rejected > 0 ? `: ${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')}` : ''}`,
    ...rejectSamples
      .slice(0, SAMPLES_SHOWN)
      .map(({ file, line, reason, detail }) => `  ${file}:${line} ${reason} ${detail}`),
    ...(rejected > SAMPLES_SHOWN
      ? [rejectsFile ? `  all of them: ${rejectsFile}` : '  for all of them: --rejects FILE']
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

try {
  await program.parseAsync();
} catch (error) {
  if (interrupted.signal.aborted) {
    process.stderr.write('Stopped; the same command resumes where it stopped.\n');
    process.exitCode = EXIT.interrupted;
  } else if (error instanceof TributaryError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = EXIT[error.class];
  } else {
    process.stderr.write(`A bug in the seeder: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = EXIT.bug;
  }
}
