import { readEnvironment } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import { serve } from './serve.ts';

const log = createLogger('feast-server');

function fail(error: unknown): never {
  log.fatal({ err: error }, error instanceof UserError ? error.message : 'the feature server ended');
  // Whatever still listens or waits must not keep a broken process alive.
  process.exit(1);
}

/** Serves until SIGTERM or SIGINT; resolves when requests are answered. A fault ends the process. */
export async function run(): Promise<void> {
  const server = await serve(readEnvironment(), log).catch(fail);
  const stop = (): void => {
    server.close().then(() => {
      log.info('feature server closed');
      process.exit(0);
    }, fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
