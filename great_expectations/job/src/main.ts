import { fileURLToPath } from 'node:url';
import { createBus } from '@tributary/platform/bus';
import { ROOT, readConfig, type WarehouseConfig } from '@tributary/platform/config';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { chainMessage } from '@tributary/platform/events';
import { Incidents } from '@tributary/platform/incidents';
import { runJobProcess } from '@tributary/platform/job-process';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { appendOnce, createWarehouse } from '@tributary/platform/warehouse';
import { readDependencies } from './dependencies.ts';
import { endOf, failingStreams, incidentsOf } from './incidents.ts';
import { withLandedFile } from './landed-file.ts';
import { qualityRows, reports } from './report.ts';
import { type GateRequest, readRequest } from './request.ts';
import { type GateResult, readResult } from './result.ts';

/** Below the hour after which the chain takes a run for dead. */
const TIMEOUT_MS = 55 * 60_000;

const log = createLogger('great-expectations-job');

/**
 * Runs quality gates, keeps each check in `ops.quality_results`, tells of incidents, and reports `quality.checked` gate by gate. Ends with status 0 once the reports are
 * on the bus, whatever they say; else nothing that ends the run was reported, and the chain starts the job again.
 */
async function main(): Promise<void> {
  const asked = readRequest(process.argv.slice(2), loadMappings());
  const {
    bus: busConfig,
    warehouse: warehouseConfig,
    lake: { lakeBucket, ...lakeConfig },
  } = readConfig('bus', 'warehouse', 'lake');
  const startedAt = new Date();
  const lake = createLake({ ...lakeConfig, lakeBucket });
  const incidents = new Incidents(lake, lakeBucket, asked.gate === 'landing' ? 'landing-gate' : 'validate');
  const request = asked.gate === 'landing' ? asked : await withFailingStreams(asked, incidents);
  const dependencies = await readDependencies(lake, lakeBucket);
  const result =
    request.gate === 'landing'
      ? await checkLanded(request, warehouseConfig, lake)
      : await validate(
          [
            ...['--gate', 'warehouse', '--streams', request.streams.join(',')],
            ...['--views', request.views.join(','), '--depends', JSON.stringify(dependencies)],
          ],
          warehouseConfig,
        );
  await appendOnce(createWarehouse(warehouseConfig), 'quality_results', qualityRows(result, request), {
    stage: 'validate',
  });
  const bus = createBus(busConfig);
  await incidents.settle(
    incidentsOf(result, request, dependencies),
    (open) => endOf(open, result, request),
    { ...request, startedAt },
    (events) => bus.publish('chain', events.map(chainMessage)),
  );
  for (const event of reports(result, request, startedAt)) {
    await bus.publish('chain', [chainMessage(event)]);
    const { run_id, traceparent, status, views, counts, duration_ms, error } = event;
    log.info(
      { run_id, traceparent, gate: event.detail.gate, status, views, counts, duration_ms, error },
      'quality checked',
    );
  }
  await bus.close();
}

/** What did not pass is looked at until it does, for a view may be made from it and from what changed now. */
async function withFailingStreams(request: GateRequest, incidents: Incidents): Promise<GateRequest> {
  const declared = loadContracts();
  const failing = failingStreams(await incidents.open()).filter((stream) => declared.has(stream));
  return { ...request, streams: [...new Set([...request.streams, ...failing])].sort() };
}

async function checkLanded(request: GateRequest, warehouse: WarehouseConfig, lake: Lake): Promise<GateResult> {
  return withLandedFile(lake, request.object!, async (file) => {
    if (!file) {
      return readResult({
        error: {
          code: 'OBJECT_GONE',
          message: `${request.object} is gone or was overwritten; the new object has its own run.`,
        },
      });
    }
    const args = ['--gate', 'landing', '--file', file.path, '--name', file.name, '--dataset', request.dataset!];
    return validate(args, warehouse);
  });
}

async function validate(args: readonly string[], warehouse: WarehouseConfig): Promise<GateResult> {
  const { result } = await runJobProcess({
    name: 'validate.py',
    command: 'python',
    args: [fileURLToPath(new URL('great_expectations/validate.py', ROOT)), ...args],
    cwd: fileURLToPath(ROOT),
    env: {
      ...process.env,
      PROJECT_ID: warehouse.projectId,
      BIGQUERY_LOCATION: warehouse.location,
      BIGQUERY_ENDPOINT: warehouse.endpoint,
      MAX_BYTES_BILLED: warehouse.maxBytesBilled,
    },
    timeoutMs: TIMEOUT_MS,
  });
  return readResult(result);
}

main().catch((error: unknown) => {
  log.fatal({ err: error }, error instanceof Error ? error.message : 'the job ended');
  // Connections of the clients would keep a failed job alive.
  process.exit(1);
});
