import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WarehouseConfig } from '@tributary/platform/config';
import { TransientError, UserError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import { execa } from 'execa';
import type { DbtArtifacts } from './artifacts.ts';
import type { DbtProject } from './project.ts';
import { type Selection, selectionArgs } from './selection.ts';

export interface DbtSettings {
  readonly project: DbtProject;
  readonly warehouse: WarehouseConfig;
  /** Keeps what dbt parsed for the next run. Any process may delete it at any time. */
  readonly cacheFolder: string;
  readonly timeoutSeconds: number;
}

/** Between asking dbt to stop, which cancels its queries, and killing it. Cloud Run gives 10 s in all: https://cloud.google.com/run/docs/container-contract#forced-shutdown */
const STOP_SECONDS = 5;
/** How much of dbt's output is kept for an error message. */
const OUTPUT_TAIL_CHARACTERS = 2_000;

const PARTIAL_PARSE = 'partial_parse.msgpack';

/**
 * Runs `dbt build`, unit tests left out: they test the SQL and belong to its development.
 *
 * Every run has a folder of its own, since two executions of one request may overlap.
 *
 * @returns what dbt wrote; nodes that failed are in it
 * @throws {UserError} DBT_MISSING when there is no dbt on the PATH.
 * @throws {UserError} DBT_PROJECT_INVALID when dbt could not read the project; trying again would not help.
 * @throws {TransientError} DBT_ABORTED when dbt ended without results for another reason (no connection, say) or took too long. dbt's last words are in the log of
 *   the run.
 */
export async function runDbt(
  settings: DbtSettings,
  selection: Selection,
  runId: string,
  signal: AbortSignal,
  log: Logger,
): Promise<DbtArtifacts> {
  const work = mkdtempSync(join(tmpdir(), 'dbt-run-'));
  try {
    const cached = join(settings.cacheFolder, PARTIAL_PARSE);
    const result = await execa('dbt', args(settings, selection, work, cached), {
      env: dbtEnvironment(settings, runId),
      all: true,
      stdin: 'ignore',
      reject: false,
      timeout: settings.timeoutSeconds * 1_000,
      cancelSignal: signal,
      // dbt cancels its queries on an interrupt, and only then.
      killSignal: 'SIGINT',
      forceKillAfterDelay: STOP_SECONDS * 1_000,
    });
    signal.throwIfAborted();
    const lastWords = (result.all ?? '').slice(-OUTPUT_TAIL_CHARACTERS);
    if (result.code === 'ENOENT') {
      throw new UserError('DBT_MISSING', 'dbt is not on the PATH; run `npm run setup`, which installs it into .venv');
    }
    log.debug({ exit_code: result.exitCode, output: lastWords }, 'dbt ended');
    if (result.timedOut) {
      throw new TransientError('DBT_ABORTED', `dbt did not end within ${settings.timeoutSeconds} s and was stopped.`);
    }
    const results = join(work, 'run_results.json');
    if (!existsSync(results)) throw aborted(result.exitCode, lastWords, log);
    keepParsed(join(work, PARTIAL_PARSE), settings.cacheFolder);
    return { runResults: readFileSync(results, 'utf8'), manifest: readFileSync(join(work, 'manifest.json'), 'utf8') };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** How dbt tells of a project that it cannot read. Before anything ran there is no row that it could quote. */
const INVALID_PROJECT =
  /Compilation Error|Parsing Error|Env var required|Could not find profile|DbtProjectError|invalid syntax/i;

function aborted(exitCode: number | undefined, lastWords: string, log: Logger): UserError | TransientError {
  log.error({ exit_code: exitCode, output: lastWords }, 'dbt ended before it ran anything');
  return INVALID_PROJECT.test(lastWords)
    ? new UserError('DBT_PROJECT_INVALID', `dbt cannot read the project; mend it and deploy the job: ${lastWords}`)
    : new TransientError('DBT_ABORTED', `dbt ended with exit code ${exitCode} before it ran anything: ${lastWords}`);
}

function args({ project }: DbtSettings, selection: Selection, work: string, cached: string): string[] {
  return [
    ...['build', '--project-dir', project.folder, '--profiles-dir', project.folder],
    ...['--target-path', work, '--log-path', work, '--log-level-file', 'none', '--no-use-colors'],
    ...['--exclude-resource-type', 'unit_test'],
    // Asks the warehouse for the relations of the models at hand instead of all of them, and no package index for news.
    ...['--no-populate-cache', '--no-version-check'],
    ...(existsSync(cached) ? ['--partial-parse-file-path', cached] : []),
    ...selectionArgs(selection),
  ];
}

function dbtEnvironment({ project, warehouse }: DbtSettings, runId: string): Record<string, string> {
  return {
    PROJECT_ID: warehouse.projectId,
    BIGQUERY_LOCATION: warehouse.location,
    BIGQUERY_ENDPOINT: warehouse.endpoint ?? '',
    MAX_BYTES_BILLED: warehouse.maxBytesBilled,
    DBT_DEFINITION: project.definition,
    DBT_RUN_ID: runId,
    DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
  };
}

/** Replaces the cached parse in one step, for others may be reading it. It only saves time, so failing to keep it fails nothing. */
function keepParsed(parsed: string, cacheFolder: string): void {
  // dbt writes none where it could use the cached one as it was.
  if (!existsSync(parsed)) return;
  try {
    mkdirSync(cacheFolder, { recursive: true });
    const mine = join(cacheFolder, `${PARTIAL_PARSE}.${process.pid}`);
    copyFileSync(parsed, mine);
    renameSync(mine, join(cacheFolder, PARTIAL_PARSE));
  } catch {
    // A read-only or full disk: the next run parses all.
  }
}
