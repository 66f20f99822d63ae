import { fileURLToPath } from 'node:url';
import { createBus } from '@tributary/platform/bus';
import { ROOT, readConfig, type WarehouseConfig } from '@tributary/platform/config';
import { loadMappings } from '@tributary/platform/contracts';
import { chainMessage } from '@tributary/platform/events';
import { runJobProcess } from '@tributary/platform/job-process';
import { createLake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { createWarehouse } from '@tributary/platform/warehouse';
import { withLandedFile } from './landed-file.ts';
import { type GateResult, qualityRows, readResult, reports } from './report.ts';
import { type GateRequest, readRequest } from './request.ts';

/** Below the hour after which the chain takes a run for dead. */
const TIMEOUT_MS = 55 * 60_000;

const log = createLogger('great-expectations-job');

/**
 * Runs quality gates, keeps each check in `ops.quality_results`, and reports `quality.checked` gate by gate. Ends with status 0 once the reports are
 * on the bus, whatever they say; else nothing that ends the run was reported, and the chain starts the job again.
 */
async function main(): Promise<void> {
  const request = readRequest(process.argv.slice(2), loadMappings());
  const { bus: busConfig, warehouse: warehouseConfig } = readConfig('bus', 'warehouse');
  const startedAt = new Date();
  const result =
    request.gate === 'landing'
      ? await checkLanded(request, warehouseConfig)
      : await checkWarehouse(request, warehouseConfig);
  const { rows, insertIds } = qualityRows(result, request, new Date());
  if (rows.length > 0) await createWarehouse(warehouseConfig).insert('ops', 'quality_results', rows, insertIds);
  const bus = createBus(busConfig);
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

async function checkWarehouse(request: GateRequest, warehouse: WarehouseConfig): Promise<GateResult> {
  return validate(
    ['--gate', 'warehouse', '--streams', request.streams.join(','), '--views', request.views.join(',')],
    warehouse,
  );
}

async function checkLanded(request: GateRequest, warehouse: WarehouseConfig): Promise<GateResult> {
  const lake = createLake(readConfig('lake').lake);
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
