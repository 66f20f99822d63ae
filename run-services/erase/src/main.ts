import { TributaryError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import { readOptions } from './options.ts';
import { runErase } from './run.ts';

const log = createLogger('erase');

/** The Cloud Run job. Its log says what was removed and never whose it was. */
try {
  const options = readOptions(process.argv.slice(2));
  const { erasureId, places, listed } = await runErase(options, (message) => log.info(message));
  for (const [place, { found, removed, notes }] of places) log.info({ place, found, removed, notes }, 'looked through');
  log.info({ erasure_id: erasureId, listed, dry_run: options.dryRun ?? false }, 'erased');
} catch (error) {
  if (error instanceof TributaryError && error.class !== 'bug') log.error({ code: error.code }, error.message);
  else log.fatal({ err: error }, 'the erasure ended');
  process.exitCode = 1;
}
