import { readConfig, readVariables } from '@tributary/platform/config';
import { TributaryError, UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import { startMetrics, stopMetrics } from '@tributary/platform/metrics';
import { SERVICE_VARIABLES } from './config.ts';
import { Runs } from './runs.ts';
import { createServer } from './server.ts';

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost'];
/** Cloud Run kills ten seconds after SIGTERM. https://cloud.google.com/run/docs/container-contract#instance-shutdown */
const STOP_LIMIT_MS = 8_000;

const log = createLogger('seeder');

try {
  const { postgres, http, metrics } = readConfig('postgres', 'http', 'metrics');
  startMetrics('seeder', metrics);
  const { SEED_INPUT_ROOT, SEEDER_API_KEY } = readVariables(SERVICE_VARIABLES);
  if (!LOOPBACK.includes(http.host) && SEEDER_API_KEY === undefined) {
    throw new UserError(
      'SEEDER_API_KEY_MISSING',
      `The seeder writes to the database for whoever can reach it, and HOST is ${http.host}. Set SEEDER_API_KEY, or HOST=127.0.0.1.`,
    );
  }
  const runs = new Runs(postgres, SEED_INPUT_ROOT, log);
  const server = createServer({ runs, log, apiKey: SEEDER_API_KEY });
  const url = await server.listen({ host: http.host, port: http.port });
  log.info({ url }, 'listening');

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      // A run that does not stop in time is killed between two commits, and resumes there.
      setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
      await Promise.all([server.close(), runs.stop()]);
      await stopMetrics();
      log.info('stopped');
    });
  }
} catch (err) {
  if (err instanceof TributaryError || (err as { code?: string }).code === 'EADDRINUSE')
    log.error({ err }, (err as Error).message);
  else log.fatal({ err }, 'cannot start');
  process.exitCode = 1;
}
