import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestStack } from '@tributary/local-emulator/testing';
import { ROOT, readConfigFrom } from '@tributary/platform/config';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { InexactRun } from '../errors.ts';
import { type Figures, loadAverage, printFigures, round } from '../report/figures.ts';
import { startStack } from '../stack.ts';

const run = promisify(execFile);

export interface MaterializeOptions {
  readonly rows: number;
  readonly peer: boolean;
}

/** What a program of feast/ printed of its run. */
interface Result {
  readonly rows: number;
  readonly written: number;
  readonly online: number;
  readonly seconds: number;
  /** Of the whole process, start and imports included. */
  readonly cpu_seconds: number;
  readonly peak_rss_mb: number;
}

/**
 * A mart of so many customers, with the features of the real view, put online three times: all of it, made anew with the same rows, and with one row in a hundred changed.
 * Beside it Feast's own materialization of the same mart, from nothing.
 */
export async function materialize(options: MaterializeOptions): Promise<void> {
  const load = loadAverage();
  const stack = await startStack(['bigquery', 'redis']);
  const warehouse = createWarehouse(readConfigFrom(stack.env, 'warehouse').warehouse);
  await warehouse.migrate();
  await fillMart(warehouse, options.rows, 0);
  const all = exact(await ours(stack, 'all rows are new'), options.rows, options.rows);
  await fillMart(warehouse, options.rows, 0);
  const same = exact(await ours(stack, 'no row changed'), options.rows, 0);
  await fillMart(warehouse, options.rows, 100);
  const some = exact(await ours(stack, 'one row in a hundred changed'), options.rows, Math.floor(options.rows / 100));
  const figures: Figures = {
    rows_count: options.rows,
    load_average_before: load,
    ...figuresOf('ours_all', all),
    ...figuresOf('ours_unchanged', same),
    ...figuresOf('ours_hundredth', some),
  };
  if (options.peer) {
    const peer = exact(await feasts(stack), options.rows, options.rows);
    Object.assign(figures, figuresOf('feast', peer), {
      ratio_peak_rss: round(all.peak_rss_mb / peer.peak_rss_mb),
      ratio_cpu: round(all.cpu_seconds / peer.cpu_seconds),
      ratio: round(all.seconds / peer.seconds),
    });
  }
  await stack.stop();
  printFigures('materialize', figures);
}

function figuresOf(prefix: string, { rows, written, seconds, cpu_seconds, peak_rss_mb }: Result): Figures {
  return {
    [`${prefix}_rows_count`]: rows,
    [`${prefix}_written_count`]: written,
    [`${prefix}_s`]: round(seconds),
    [`${prefix}_rows_per_s`]: round(rows / seconds),
    [`${prefix}_cpu_s`]: round(cpu_seconds),
    [`${prefix}_peak_rss_mb`]: round(peak_rss_mb),
  };
}

/** Every hundredth customer or so spends differently where `changedEvery` is above 0. */
async function fillMart(warehouse: Warehouse, rows: number, changedEvery: number): Promise<void> {
  const changed = changedEvery > 0 ? `IF(MOD(id, ${changedEvery}) = 0, 1, 0)` : '0';
  await warehouse.query(`CREATE OR REPLACE TABLE marts.customer_features AS
    SELECT id AS customer_id, TIMESTAMP '2011-12-09 12:50:00.123456' AS event_timestamp, MOD(id, 50) AS orders_count,
      MOD(id, 700) + ${changed} AS quantity_total, CAST(MOD(id, 100000) AS NUMERIC) / 100 + ${changed} AS gross_revenue,
      NUMERIC '12.34' AS returned_value, CAST(MOD(id, 100000) AS NUMERIC) / 100 + ${changed} - NUMERIC '12.34' AS net_revenue,
      MOD(id, 977) / 7 AS average_order_value, MOD(id, 365) AS recency_days, MOD(id, 13) / 13 AS return_rate,
      MOD(id, 90) AS distinct_products, CONCAT('Country ', CAST(MOD(id, 40) AS STRING)) AS last_country
    FROM UNNEST(GENERATE_ARRAY(1, ${rows})) AS id`);
}

async function ours(stack: TestStack, what: string): Promise<Result> {
  const printed = await python(stack, 'feast/materialize.py', '--views', 'customer_features');
  const { views, peak_rss_mb, cpu_seconds } = printed as { views: Record<string, Result> } & Result;
  return say(what, { ...views.customer_features!, peak_rss_mb, cpu_seconds });
}

async function feasts(stack: TestStack): Promise<Result> {
  return say('Feast', (await python(stack, 'bench/feast/materialize.py')) as Result);
}

async function python(stack: TestStack, program: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run('python', [fileURLToPath(new URL(program, ROOT)), ...args], {
    env: { ...process.env, ...stack.env },
    cwd: fileURLToPath(ROOT),
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}

/** @throws {InexactRun} where not every row is online, or more or fewer were written than changed. */
function exact(result: Result, rows: number, written: number): Result {
  if (result.online !== rows || result.written !== written)
    throw new InexactRun(
      `${result.online} of ${rows} rows are online, and ${result.written} were written of ${written} that changed.`,
    );
  return result;
}

function say(what: string, result: Result): Result {
  process.stdout.write(
    `  ${what}: ${result.rows.toLocaleString('en')} rows, ${result.written.toLocaleString('en')} written, ${result.seconds.toFixed(1)} s, ${result.cpu_seconds.toFixed(0)} s of processor, ${Math.round(result.peak_rss_mb)} MB at most\n`,
  );
  return result;
}
