import { parseArgs } from 'node:util';
import { TributaryError, UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import { startMetrics, stopMetrics } from '@tributary/platform/metrics';
import { readOptions } from './options.ts';
import { runReplay } from './run.ts';
import { summaryOf } from './summary.ts';

const USAGE =
  'Usage: main.ts <stream> [--stage bridge|pipeline|landing|load] [--reason CODE] [--since TIME] [--wait SECONDS] [--dry-run]';

const log = createLogger('replay');

/** The Cloud Run job: exit status 0 also where letters stay, for these are told. */
try {
  const [stream, options] = readArguments();
  startMetrics('replay');
  const report = await runReplay(readOptions(stream, options));
  for (const outcome of report.outcomes) {
    if (outcome.state !== 'replayed') log.warn({ ...outcome }, 'stays');
  }
  const { lines, why } = summaryOf(report);
  log.info({ stream, lines, why, earlier: report.earlier, dry_run: options.dryRun ?? false }, 'replayed');
} catch (error) {
  if (error instanceof TributaryError && error.class !== 'bug') log.error({ code: error.code }, error.message);
  else log.fatal({ err: error }, 'the replay ended');
  process.exitCode = 1;
} finally {
  await stopMetrics();
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        stage: { type: 'string' },
        reason: { type: 'string' },
        since: { type: 'string' },
        wait: { type: 'string' },
        'dry-run': { type: 'boolean' },
      },
    });
    const [stream, ...others] = positionals;
    if (stream === undefined || others.length > 0) throw new Error('name one stream');
    const { 'dry-run': dryRun, ...rest } = values;
    return [stream, { ...rest, dryRun }] as const;
  } catch (error) {
    throw new UserError('USAGE', `${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}
