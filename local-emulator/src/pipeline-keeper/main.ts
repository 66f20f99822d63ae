import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig, readVariables, variable } from '@tributary/platform/config';
import { createLogger } from '@tributary/platform/log';
import { set, startMetrics, stopMetrics } from '@tributary/platform/metrics';
import fastify from 'fastify';
import { z } from 'zod';
import { newestCheckpoint } from './checkpoints.ts';
import { FlinkClient } from './flink-client.ts';
import { FlinkMetrics } from './flink-metrics.ts';
import { JOB_NAME, streamingArguments } from './streaming-job.ts';

/**
 * Keeps one streaming job on a Flink session cluster, as Dataflow's service keeps a job.
 *
 * Every second it asks the cluster for the job. Running or being restarted by Flink itself: nothing to do. Not there (the JobManager was restarted and a
 * session cluster forgets its jobs): submit it from the newest complete checkpoint, or from the beginning of the topics where there is none. Because
 * files become visible only with a completed checkpoint, starting over from an earlier one repeats work and not output.
 */
const POLL_MS = 1_000;
/** Flink itself looks every ten seconds. https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/deployment/config/#metrics-fetcher-update-interval */
const REPORT_EVERY_MS = 10_000;
/** States in which Flink looks after the job itself. https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/internals/job_scheduling/ */
const LIVE_STATES = new Set([
  'INITIALIZING',
  'CREATED',
  'RUNNING',
  'RESTARTING',
  'RECONCILING',
  'FAILING',
  'CANCELLING',
]);
const ENTRY_CLASS = 'dev.tributary.pipeline.Main';

const log = createLogger('pipeline');
const { http, lake, bus, pipeline, metrics } = readConfig('http', 'lake', 'bus', 'pipeline', 'metrics');
const { CHECKPOINT_DIR, CONTRACTS, PII_KEYS_FILE } = readVariables({
  CONTRACTS: variable(
    z.string().optional(),
    "the compiled contracts: a path, or s3://bucket/name; the checkout's where left out",
    '/repo/contracts.json',
  ),
  CHECKPOINT_DIR: variable(z.string(), 'where Flink keeps checkpoints', '/var/lib/flink/checkpoints'),
  PII_KEYS_FILE: variable(z.string(), 'the key file of PII protection', '/secrets/pii-keys.json'),
});
if (pipeline.launcher !== 'flink') throw new Error('the keeper keeps jobs on Flink only');
startMetrics('pipeline', metrics);
const flink = new FlinkClient(pipeline.restUrl);
const flinkMetrics = new FlinkMetrics(flink);
let state = 'waiting for Flink';

async function keep(jarId: string): Promise<void> {
  const job = (await flink.jobs()).find((candidate) => candidate.name === JOB_NAME && LIVE_STATES.has(candidate.state));
  if (job !== undefined) {
    state = job.state;
    await reportOn(job.jid);
    return;
  }
  state = 'submitting';
  const checkpoint = newestCheckpoint(CHECKPOINT_DIR);
  const id = await flink.run(jarId, ENTRY_CLASS, streamingArguments(lake, bus, PII_KEYS_FILE, CONTRACTS), checkpoint);
  log.info({ job: id, from: checkpoint ?? 'the beginning of the topics' }, 'submitted the pipeline');
}

let reportedAt = 0;

/** Figures are no condition of keeping the job: where Flink does not give them, they are missing. */
async function reportOn(jobId: string): Promise<void> {
  if (Date.now() - reportedAt < REPORT_EVERY_MS) return;
  reportedAt = Date.now();
  await flinkMetrics.report(jobId).catch((error: unknown) => log.debug({ err: error }, 'Flink gives no metrics'));
}

const server = fastify({ logger: false });
server.get('/healthz', (_request, reply) => reply.code(state === 'RUNNING' ? 200 : 503).send({ state }));
await server.listen({ host: http.host, port: http.port });
let running = true;
process.on('SIGTERM', () => {
  running = false;
});
while (running) {
  try {
    await keep(pipeline.jarId);
  } catch (error) {
    state = (error as Error).message;
    log.warn({ err: error }, 'the pipeline is not running yet');
  }
  set('tributary.pipeline.running', state === 'RUNNING' ? 1 : 0, {});
  await sleep(POLL_MS);
}
await server.close();
await stopMetrics();
