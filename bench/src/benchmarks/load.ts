import { setTimeout as sleep } from 'node:timers/promises';
import { BigQuery } from '@google-cloud/bigquery';
import { eventarc } from '@tributary/local-emulator/components/event-chain';
import type { TestStack } from '@tributary/local-emulator/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { PassThroughClient } from 'google-auth-library';
import pLimit from 'p-limit';
import { InexactRun } from '../errors.ts';
import { type SmallObject, smallObjects } from '../lake/small-objects.ts';
import { quantiles } from '../latency-summary.ts';
import { type Figures, loadAverage, printFigures, round } from '../report/figures.ts';
import { table } from '../report/table.ts';
import { startStack } from '../stack.ts';

const ROWS_EACH = 5;
/** Objects under way to the lake at a time. */
const WRITERS = 16;
/** Jobs of the peer at a time: as many events as the stand-in for Eventarc delivers to one function at once. */
const PEER_JOBS_AT_ONCE = 16;
/** Longer than the spacing of loads, so that a single object finds nothing to wait for. */
const IDLE_PAUSE_MS = 4_500;
const LOOK_MS = 500;
/** Nothing new for this long: it will not come. */
const STALL_LIMIT_MS = 600_000;
const COMPONENTS = ['kafka', 'minio', 'bigquery', 'function-load-warehouse', 'eventarc'];

export interface LoadOptions {
  readonly objects: number;
  readonly seconds: number;
  readonly peer: number;
  readonly idle: number;
}

interface Ports {
  readonly lake: Lake;
  readonly bucket: string;
  readonly warehouse: Warehouse;
  readonly bigquery: BigQuery;
}

/**
 * From an object in the lake to rows that a query sees: single objects while nothing else happens, then a burst of thousands within a minute, and beside it one load job an object.
 * All of it is real: MinIO's notifications, the stand-in for Eventarc, load-warehouse under the functions framework, and load jobs of the BigQuery emulator.
 */
export async function load(options: LoadOptions): Promise<void> {
  const before = loadAverage();
  const stack = await startStack(COMPONENTS, [onlyLoads], { needs: false });
  const ports = await portsOf(stack);
  const idle = await idleLatency(ports, options.idle);
  const burst = await burstOf(ports, options);
  const peer = await oneJobPerObject(ports, options);
  await stack.stop();

  process.stdout.write(
    `\n${table([
      ['', 'objects', 'load jobs', 'seconds', 'objects/s'],
      ['burst', String(burst.objects), String(burst.jobs), burst.seconds.toFixed(1), burst.rate.toFixed(1)],
      ['one job an object', String(peer.objects), String(peer.jobs), peer.seconds.toFixed(1), peer.rate.toFixed(1)],
    ])}\n\n${table([
      ['milliseconds', 'p50', 'p95', 'max'],
      ['single object to queryable row', ...threeOf(idle.total)],
      ['  less the job', ...threeOf(idle.lessJob)],
    ])}\n\n`,
  );
  const figures: Figures = {
    load_average_before: before,
    objects_count: burst.objects,
    rows_count: burst.objects * ROWS_EACH,
    jobs_count: burst.jobs,
    written_within_s: round(burst.writtenSeconds),
    queryable_after_first_write_s: round(burst.seconds),
    queryable_after_last_write_s: round(burst.seconds - burst.writtenSeconds),
    noted_after_last_write_s: round(burst.notedSeconds - burst.writtenSeconds),
    objects_per_s: round(burst.rate),
    idle_samples_count: idle.total.length,
    ...latencyFigures('idle_object_to_row', idle.total),
    ...latencyFigures('idle_object_to_row_less_job', idle.lessJob),
    peer_objects_count: peer.objects,
    peer_jobs_count: peer.jobs,
    peer_queryable_after_first_write_s: round(peer.seconds),
    peer_objects_per_s: round(peer.rate),
    ratio: round(burst.rate / peer.rate),
  };
  printFigures('load', figures);
}

/** The stand-in for Eventarc, telling load-warehouse alone: no other function runs. */
const onlyLoads: typeof eventarc = {
  ...eventarc,
  start(machine) {
    const spec = eventarc.start(machine);
    const routes = JSON.parse(spec.env?.ROUTES ?? '[]') as { function: string }[];
    const own = routes.filter((route) => route.function === 'load-warehouse');
    return { ...spec, env: { ...spec.env, ROUTES: JSON.stringify(own) } };
  },
};

async function portsOf(stack: TestStack): Promise<Ports> {
  const config = readConfigFrom(stack.env, 'lake', 'warehouse');
  return {
    lake: createLake(config.lake),
    bucket: config.lake.lakeBucket,
    warehouse: createWarehouse(config.warehouse),
    bigquery: new BigQuery({
      projectId: config.warehouse.projectId,
      location: config.warehouse.location,
      apiEndpoint: config.warehouse.endpoint ?? '',
      authClient: new PassThroughClient(),
    }),
  };
}

/** Single objects, one after the other, each when all is quiet: until a query sees the row, and that less the job's own time. */
async function idleLatency(ports: Ports, samples: number): Promise<{ total: number[]; lessJob: number[] }> {
  process.stdout.write(`${samples} single objects while nothing else happens …\n`);
  const [total, lessJob]: [number[], number[]] = [[], []];
  // The first warms up what is loaded on first use, and does not count.
  for (const [n, object] of smallObjects('processed/orders/', 'idle', samples + 1, 1).entries()) {
    await sleep(IDLE_PAUSE_MS);
    await ports.lake.write(ports.bucket, object.name, object.body);
    const written = Date.now();
    await until('a single row', async () => ({ seen: await countRows(ports.warehouse, object.ids[0]!), wanted: 1 }), 0);
    const seen = Date.now();
    if (n === 0) continue;
    total.push(seen - written);
    lessJob.push(seen - written - (await jobMilliseconds(ports, object.name)));
  }
  return { total, lessJob };
}

async function jobMilliseconds({ warehouse, bigquery }: Ports, name: string): Promise<number> {
  let jobId: string | undefined;
  await until('the ledger', async () => {
    const rows = await warehouse.query<{ job_id: string }>('SELECT job_id FROM ops.loads WHERE name = @name', {
      params: { name },
    });
    jobId = rows[0]?.job_id;
    return { seen: rows.length, wanted: 1 };
  });
  const [{ statistics }] = (await bigquery.job(jobId!).getMetadata()) as unknown as [
    { statistics: { creationTime: string; endTime: string } },
  ];
  return Number(statistics.endTime) - Number(statistics.creationTime);
}

interface Outcome {
  readonly objects: number;
  readonly jobs: number;
  readonly seconds: number;
  readonly rate: number;
}

/** Thousands of objects within a minute, until every row is there, and once. */
async function burstOf(
  ports: Ports,
  options: LoadOptions,
): Promise<Outcome & { writtenSeconds: number; notedSeconds: number }> {
  const { warehouse } = ports;
  const objects = smallObjects('processed/orders/', 'burst', options.objects, ROWS_EACH);
  process.stdout.write(`${options.objects.toLocaleString('en')} objects within ${options.seconds} s …\n`);
  await sleep(IDLE_PAUSE_MS);
  const jobsBefore = await jobsSoFar(ports);
  const began = Date.now();
  const since = () => (Date.now() - began) / 1_000;
  await writePaced(ports, objects, options.seconds);
  const writtenSeconds = since();
  const rows = objects.length * ROWS_EACH;
  await until('rows of the burst', async () => ({ seen: await countRows(warehouse, 'burst-'), wanted: rows }));
  const seconds = since();
  await until('objects in the ledger', async () => ({
    seen: await count(warehouse, "SELECT COUNT(*) AS n FROM ops.loads WHERE CONTAINS_SUBSTR(name, 'part-burst-')"),
    wanted: objects.length,
  }));
  const notedSeconds = since();
  await checkExact(warehouse, objects);
  const jobs = (await jobsSoFar(ports)) - jobsBefore;
  process.stdout.write(
    `  written after ${writtenSeconds.toFixed(1)} s, all queryable after ${seconds.toFixed(1)} s, ${jobs} jobs; complete and exact\n`,
  );
  return { objects: objects.length, jobs, seconds, rate: objects.length / seconds, writtenSeconds, notedSeconds };
}

/** Load jobs of the table, failed ones too, as load-warehouse accounts for them. */
async function jobsSoFar({ lake, bucket }: Ports): Promise<number> {
  const body = await lake.bytes(bucket, 'control/loads/orders.jobs.json');
  if (!body) return 0;
  const { hours } = JSON.parse(body.toString('utf8')) as { hours: { jobs: number }[] };
  return hours.reduce((sum, { jobs }) => sum + jobs, 0);
}

/** As many rows as expected could be one lost and one doubled: the ids say; and the ledger says the same of each object. */
async function checkExact(warehouse: Warehouse, objects: readonly SmallObject[]): Promise<void> {
  const rows = objects.length * ROWS_EACH;
  const [staged] = await warehouse.query<{ n: number; ids: number }>(
    "SELECT COUNT(*) AS n, COUNT(DISTINCT _event_id) AS ids FROM staging.orders WHERE STARTS_WITH(_event_id, 'burst-')",
  );
  const [noted] = await warehouse.query<{ n: number; names: number; row_total: number; jobs: number }>(
    "SELECT COUNT(*) AS n, COUNT(DISTINCT name) AS names, SUM(row_count) AS row_total, COUNTIF(STARTS_WITH(job_id, 'load_')) AS jobs FROM ops.loads WHERE CONTAINS_SUBSTR(name, 'part-burst-')",
  );
  const wrong = [
    ['rows', staged!.n, rows],
    ['distinct rows', staged!.ids, rows],
    ['objects in the ledger', noted!.n, objects.length],
    ['distinct objects in the ledger', noted!.names, objects.length],
    ['objects loaded by a job', noted!.jobs, objects.length],
    ['rows by the ledger', noted!.row_total, rows],
  ].flatMap(([what, have, want]) => (Number(have) === want ? [] : [`${have} ${what}, not ${want}`]));
  if (wrong.length > 0) throw new InexactRun(`The load is not exact: ${wrong.join('; ')}.`);
}

/** The same objects, each loaded by a job of its own as it arrives: no ledger, no grouping, nothing else. */
async function oneJobPerObject(ports: Ports, options: LoadOptions): Promise<Outcome> {
  const { lake, bucket, warehouse } = ports;
  // Not under processed/, where load-warehouse would take them.
  const objects = smallObjects('bench/orders/', 'peer', options.peer, ROWS_EACH);
  process.stdout.write(`${options.peer.toLocaleString('en')} objects, one job each …\n`);
  const limit = pLimit(PEER_JOBS_AT_ONCE);
  const jobs: Promise<unknown>[] = [];
  const began = Date.now();
  await writePaced(ports, objects, (options.seconds * options.peer) / options.objects, ({ name }, n) => {
    const request = {
      jobId: `peer_${began}_${n}`,
      dataset: 'staging',
      table: 'orders',
      uris: [lake.uri(bucket, name)],
    };
    jobs.push(limit(() => warehouse.load({ ...request, labels: {} })));
  });
  await Promise.all(jobs);
  const rows = objects.length * ROWS_EACH;
  await until('rows of the peer', async () => ({ seen: await countRows(warehouse, 'peer-'), wanted: rows }));
  const seconds = (Date.now() - began) / 1_000;
  return { objects: objects.length, jobs: objects.length, seconds, rate: objects.length / seconds };
}

/** Writes at an even pace, so that the last is begun when the time is over. */
async function writePaced(
  { lake, bucket }: Ports,
  objects: readonly SmallObject[],
  seconds: number,
  written: (object: SmallObject, n: number) => void = () => undefined,
): Promise<void> {
  const began = Date.now();
  const limit = pLimit(WRITERS);
  const writes: Promise<void>[] = [];
  for (const [n, object] of objects.entries()) {
    const due = began + (n / objects.length) * seconds * 1_000;
    if (due > Date.now()) await sleep(due - Date.now());
    writes.push(limit(() => lake.write(bucket, object.name, object.body).then(() => written(object, n))));
  }
  await Promise.all(writes);
}

function countRows(warehouse: Warehouse, prefix: string): Promise<number> {
  return count(warehouse, 'SELECT COUNT(*) AS n FROM staging.orders WHERE STARTS_WITH(_event_id, @prefix)', { prefix });
}

async function count(warehouse: Warehouse, sql: string, params: Record<string, unknown> = {}): Promise<number> {
  const [row] = await warehouse.query<{ n: number }>(sql, { params });
  return Number(row!.n);
}

/** Looks until all is there. */
async function until(
  what: string,
  look: () => Promise<{ seen: number; wanted: number }>,
  pauseMs = LOOK_MS,
): Promise<void> {
  let last = -1;
  let lastProgress = Date.now();
  for (;;) {
    const { seen, wanted } = await look();
    if (seen === wanted) return;
    if (seen > wanted) throw new InexactRun(`There are ${seen} ${what}, not ${wanted}.`);
    if (seen !== last) [last, lastProgress] = [seen, Date.now()];
    if (Date.now() - lastProgress > STALL_LIMIT_MS) {
      throw new InexactRun(`There are ${seen} of ${wanted} ${what} and nothing more for ${STALL_LIMIT_MS / 1_000} s.`);
    }
    await sleep(pauseMs);
  }
}

function threeOf(milliseconds: readonly number[]): string[] {
  const { p50, p95, max } = quantiles(milliseconds);
  return [p50, p95, max].map((value) => value.toFixed(0));
}

function latencyFigures(name: string, milliseconds: readonly number[]): Figures {
  const { p50, p95, max } = quantiles(milliseconds);
  return { [`${name}_p50_ms`]: round(p50), [`${name}_p95_ms`]: round(p95), [`${name}_max_ms`]: round(max) };
}
