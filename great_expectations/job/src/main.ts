import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBus } from '@tributary/platform/bus';
import { ROOT, readConfig, type WarehouseConfig } from '@tributary/platform/config';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { CostBudgetSpentError, createCostGuard } from '@tributary/platform/cost';
import { chainMessage } from '@tributary/platform/events';
import { Incidents } from '@tributary/platform/incidents';
import { runJobProcess } from '@tributary/platform/job-process';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { appendOnce, createWarehouse } from '@tributary/platform/warehouse';
import { checkWarehouse } from './check-warehouse.ts';
import { publishDataDocs } from './data-docs.ts';
import { readDependencies } from './dependencies.ts';
import { endOf, failingStreams, incidentsOf } from './incidents.ts';
import { withLandedFile } from './landed-file.ts';
import { qualityRows, reports } from './report.ts';
import { type GateRequest, readRequest } from './request.ts';
import { type GateResult, readResult } from './result.ts';

/** Below the hour after which the chain takes a run for dead. */
const TIMEOUT_MS = 55 * 60_000;
/** The data docs are made of files on disk, in seconds. */
const DOCS_TIMEOUT_MS = 2 * 60_000;

const log = createLogger('great-expectations-job');

/**
 * Runs quality gates, keeps each check in `ops.quality_results`, tells of incidents, and reports `quality.checked` gate by gate. Ends with status 0 once the reports are
 * on the bus, whatever they say; else nothing that ends the run was reported, and the chain starts the job again. The data docs come after that, and fail nothing.
 */
async function main(): Promise<void> {
  const asked = readRequest(process.argv.slice(2), loadMappings());
  const {
    bus: busConfig,
    warehouse: warehouseConfig,
    lake: lakeConfig,
    cost,
  } = readConfig('bus', 'warehouse', 'lake', 'cost');
  const { lakeBucket } = lakeConfig;
  const startedAt = new Date();
  const declared = loadContracts();
  const lake = createLake(lakeConfig);
  const incidents = new Incidents(lake, lakeBucket, asked.gate === 'landing' ? 'landing-gate' : 'validate');
  const request = asked.gate === 'landing' ? asked : await withFailingStreams(asked, incidents, declared);
  const dependencies = await readDependencies(lake, lakeBucket);
  const kept = mkdtempSync(join(tmpdir(), 'tributary-checks-'));
  // A job that is stopped ends without unwinding.
  process.on('exit', () => rmSync(kept, { recursive: true, force: true }));
  const result =
    request.gate === 'landing'
      ? await checkLanded(request, warehouseConfig, lake)
      : await checkWarehouse(request, dependencies, { lake, bucket: lakeBucket }, (args) =>
          validate([...args, '--keep', kept], warehouseConfig, request.runId),
        );
  const warehouse = createWarehouse(warehouseConfig);
  await appendOnce(warehouse, 'quality_results', qualityRows(result, request), { stage: 'validate' });
  const bus = createBus(busConfig);
  await incidents.settle(
    incidentsOf(result, request, dependencies),
    (open) => endOf(open, result, request, declared),
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
  if (request.gate === 'warehouse' && !result.error) {
    const guard = createCostGuard({ ...cost, ...warehouseConfig }, { lake, bucket: lakeBucket, bus, warehouse, log });
    await documented(kept, { lake, bucket: lakeBucket }, () => guard.admit('optional', 'data-docs'));
  }
  await bus.close();
}

/** Publishes the data docs, which is optional work: where it is not admitted or fails, the next run does it. */
async function documented(
  kept: string,
  store: { readonly lake: Lake; readonly bucket: string },
  admit: () => Promise<void>,
): Promise<void> {
  try {
    await admit();
    await publishDataDocs(kept, { ...store, build: buildDataDocs });
    log.info('the data docs were published');
  } catch (error) {
    if (error instanceof CostBudgetSpentError) log.info({ code: error.code }, 'no data docs: optional work waits');
    else log.warn({ err: error }, 'the data docs were not published; the next run does it');
  }
}

/** What did not pass is looked at until it does, for a view may be made from it and from what changed now. */
async function withFailingStreams(
  request: GateRequest,
  incidents: Incidents,
  declared: { has(stream: string): boolean },
): Promise<GateRequest> {
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
    return validate(args, warehouse, request.runId);
  });
}

async function validate(args: readonly string[], warehouse: WarehouseConfig, runId: string): Promise<GateResult> {
  const printed = await python('validate.py', args, TIMEOUT_MS, {
    PROJECT_ID: warehouse.projectId,
    BIGQUERY_LOCATION: warehouse.location,
    BIGQUERY_ENDPOINT: warehouse.endpoint,
    MAX_BYTES_BILLED: warehouse.maxBytesBilled,
    // A label of its BigQuery jobs.
    RUN_ID: runId,
  });
  return readResult(printed);
}

async function buildDataDocs(results: string, site: string): Promise<void> {
  await python('data_docs.py', ['--results', results, '--site', site], DOCS_TIMEOUT_MS);
}

/** Runs a program of this project; what it prints last. */
async function python(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<unknown> {
  const { result } = await runJobProcess({
    name: program,
    command: 'python',
    args: [fileURLToPath(new URL(`great_expectations/${program}`, ROOT)), ...args],
    cwd: fileURLToPath(ROOT),
    env: { ...process.env, ...env },
    timeoutMs,
  });
  return result;
}

main().catch((error: unknown) => {
  log.fatal({ err: error }, error instanceof Error ? error.message : 'the job ended');
  // Connections of the clients would keep a failed job alive.
  process.exit(1);
});
