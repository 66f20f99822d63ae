import { createBus } from '@tributary/platform/bus';
import { readConfig, readVariables } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { createLake } from '@tributary/platform/lake';
import { sendLineage } from '@tributary/platform/lineage';
import { createLogger } from '@tributary/platform/log';
import { createWarehouse } from '@tributary/platform/warehouse';
import { runDbt } from './dbt.ts';
import { readProject } from './project.ts';
import { readRequest } from './request.ts';
import { VARIABLES } from './settings.ts';
import { transform } from './transform.ts';

/** What a shell reports of a process that was ended by SIGTERM. */
const EXIT_TERMINATED = 143;

/**
 * The Cloud Run job that runs dbt. It exits 0 when its report is on the bus, whatever the report says: the report ends the request. Anything else
 * means nobody heard of it, and the run is started again.
 */
async function main(): Promise<number> {
  const log = createLogger('dbt');
  const stop = new AbortController();
  // Listening on, not once: execa ends a process that nobody else listens for.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(new Error(signal)));
  try {
    const request = readRequest(process.argv.slice(2));
    const {
      bus: busConfig,
      warehouse: warehouseConfig,
      lake: lakeConfig,
      lineage,
    } = readConfig('bus', 'warehouse', 'lake', 'lineage');
    const { DBT_CACHE_DIR: cacheFolder, DBT_TIMEOUT_SECONDS: timeoutSeconds } = readVariables(VARIABLES);
    const { manifest, attempt, runId: run_id, traceparent, streams } = request;
    const runLog = log.child({ manifest, attempt, run_id, ...(traceparent === undefined ? {} : { traceparent }) });
    runLog.info({ streams }, 'a run starts');
    const project = readProject();
    const bus = createBus(busConfig);
    try {
      await transform(
        request,
        {
          bus,
          warehouse: createWarehouse(warehouseConfig),
          store: { lake: createLake(lakeConfig), bucket: lakeConfig.lakeBucket },
          project,
          sendLineage: (events) => sendLineage(lineage, events, runLog),
          dbt: (selection, runId) =>
            runDbt(
              { project, warehouse: warehouseConfig, cacheFolder, timeoutSeconds },
              selection,
              runId,
              stop.signal,
              runLog,
            ),
          log: runLog,
        },
        stop.signal,
      );
      return 0;
    } finally {
      await bus.close();
    }
  } catch (error) {
    if (stop.signal.aborted) {
      log.warn('stopped before the end; nothing was reported');
      return EXIT_TERMINATED;
    }
    log.error({ err: error }, 'the run could not be reported');
    return error instanceof UserError ? 2 : 1;
  }
}

process.exitCode = await main();
