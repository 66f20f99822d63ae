import { jsonText, readConfig, readVariables, variable } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import { z } from 'zod';
import { Runner } from './runner.ts';
import { createServer } from './server.ts';
import { ExecutionStore } from './store.ts';

const jobsSchema = z.record(
  z.string(),
  z.strictObject({
    command: z.array(z.string()).min(1),
    env: z.record(z.string(), z.string()).default({}),
    timeoutSeconds: z.number().positive().default(600),
  }),
);

const VARIABLES = {
  JOBS: variable(
    jsonText(jobsSchema),
    'the jobs and their commands',
    '{"dbt":{"command":["node","dbt/job/src/main.ts"],"timeoutSeconds":600}}',
  ),
  SERVICES: variable(
    jsonText(z.record(z.string(), z.url())).default({}),
    'where the services listen that services.get tells of, by name',
    '{"feast-server":"http://127.0.0.1:6566"}',
  ),
  LOG_DIR: variable(z.string().min(1), "where each execution's output goes", '/tmp/tributary/logs/jobs'),
  STATE_DIR: variable(z.string().min(1), 'where executions are remembered', '/tmp/tributary/cloud-run-jobs'),
};

/** Stands in for the Cloud Run Admin API: jobs are commands of this machine, services are processes of it that listen. */
const log = createLogger('cloud-run-jobs');
try {
  const { http } = readConfig('http');
  const { JOBS, SERVICES, LOG_DIR, STATE_DIR } = readVariables(VARIABLES);
  const store = new ExecutionStore(STATE_DIR, LOG_DIR);
  const runner = new Runner(store, log);
  // Before anything can ask: what a killed predecessor left open has ended for certain.
  await runner.endOrphans();
  const server = createServer(JOBS, store, runner, SERVICES);
  await server.listen({ host: http.host, port: http.port });
  log.info({ url: server.listeningOrigin, jobs: Object.keys(JOBS) }, 'ready');

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await runner.close();
    await server.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  log.fatal({ err: error }, 'the Cloud Run stand-in cannot start');
  process.exit(error instanceof UserError ? 2 : 1);
}
