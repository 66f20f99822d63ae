import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBus } from '@tributary/platform/bus';
import { ROOT, readConfig } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { runJobProcess } from '@tributary/platform/job-process';
import { createLake } from '@tributary/platform/lake';
import { sendLineage } from '@tributary/platform/lineage';
import { createLogger } from '@tributary/platform/log';
import { z } from 'zod';
import { materialize } from './materialize.ts';
import type { JobRun } from './report.ts';

/** Of one run. A view of a million entities takes a few minutes. */
const TIMEOUT_MS = 30 * 60_000;

const USAGE = 'node main.ts --views a,b --manifest ID --attempt N --run-id ID --cause EVENT_ID [--traceparent T]';

const argumentsSchema = z.object({
  views: z.string().transform((text) => text.split(',').filter(Boolean)),
  manifest: z.string().min(1),
  attempt: z.coerce.number().int().min(1),
  'run-id': z.string().min(1),
  cause: z.string().min(1),
  traceparent: z.string().optional(),
});

const log = createLogger('feast-job');

/**
 * Makes views online equal to their marts, and reports it as `features.materialized`. Ends with status 0 once the report is on the bus,
 * whatever it says; else nothing was reported, and the chain starts the job again.
 */
async function main(): Promise<void> {
  const { views, run } = readArguments();
  const {
    bus: busConfig,
    warehouse,
    onlineStore,
    lake: lakeConfig,
    lineage: receiver,
  } = readConfig('bus', 'warehouse', 'onlineStore', 'lake', 'lineage');
  const feast = async (asked: readonly string[]): Promise<unknown> => {
    const { result } = await runJobProcess({
      name: 'materialize.py',
      command: 'python',
      args: [fileURLToPath(new URL('feast/materialize.py', ROOT)), '--views', asked.join(',')],
      cwd: fileURLToPath(ROOT),
      env: {
        ...process.env,
        PROJECT_ID: warehouse.projectId,
        BIGQUERY_LOCATION: warehouse.location,
        BIGQUERY_ENDPOINT: warehouse.endpoint,
        MAX_BYTES_BILLED: warehouse.maxBytesBilled,
        RUN_ID: run.runId,
        REDIS_ADDRESS: onlineStore.redisAddress,
        FEAST_REGISTRY: onlineStore.registry,
      },
      timeoutMs: TIMEOUT_MS,
    });
    return result;
  };
  const bus = createBus(busConfig);
  await materialize(views, run, {
    bus,
    store: { lake: createLake(lakeConfig), bucket: lakeConfig.lakeBucket },
    places: { project: warehouse.projectId, redis: onlineStore.redisAddress },
    feast,
    sendLineage: (events) => sendLineage(receiver, events, log),
    log,
  });
  await bus.close();
}

function readArguments(): { views: string[]; run: JobRun } {
  const options = Object.fromEntries(
    Object.keys(argumentsSchema.shape).map((name) => [name, { type: 'string' as const }]),
  );
  try {
    const it = argumentsSchema.parse(parseArgs({ options }).values);
    return { views: it.views, run: { ...it, runId: it['run-id'], traceparent: it.traceparent } };
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? `--${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}`
        : (error as Error).message;
    throw new UserError('ARGUMENTS_INVALID', `${reason}. Usage: ${USAGE}`);
  }
}

main().catch((error: unknown) => {
  log.fatal({ err: error }, error instanceof Error ? error.message : 'the job ended');
  // The producer's connection would keep a failed job alive.
  process.exit(1);
});
