import { setTimeout as sleep } from 'node:timers/promises';
import { flinkCluster, PIPELINE_JAR_ID } from '@tributary/local-emulator/components/flink';
import { minioClient } from '@tributary/local-emulator/components/minio';
import { ENTRY_CLASS, pipelineArguments } from '../contestants/tributary.ts';
import { InexactRun } from '../errors.ts';
import { Cluster } from '../flink/cluster.ts';
import { benchProfile } from '../flink/profile.ts';
import { type Quantiles, quantiles } from '../latency-summary.ts';
import { insertOrderLines } from '../load/order-line-inserts.ts';
import { type Figures, loadAverage, printFigures, round } from '../report/figures.ts';
import { table } from '../report/table.ts';
import { startStack } from '../stack.ts';
import { type Offsets, Topic } from '../topic.ts';

const PREFIX = 'tributary.';
const BUCKET = 'bench-latency';
const DRAIN_LIMIT_MS = 60_000;

export interface LatencyOptions {
  readonly rate: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly pipelineArg: readonly string[];
}

/** When one order line's change was committed, on the bus, and a feature row on its topic; milliseconds since 1970. */
interface Journey {
  readonly committed: number;
  readonly onBus: number;
  featureRow?: number;
}

/**
 * How old a feature is: from the commit of an order line in Postgres to the feature row that counts it, through change capture, Kafka and the pipeline, and
 * each part's share. The times are Postgres' own of the commit, the bridge's of its publishing, and the broker's of the moment it appended the feature row;
 * nothing reads along meanwhile.
 */
export async function latency(options: LatencyOptions): Promise<void> {
  const load = loadAverage();
  const stack = await startStack(['debezium-engine', 'minio', 'flink-taskmanager'], flinkCluster(benchProfile('heap')));
  const brokers = stack.env.KAFKA_BROKERS ?? '';
  const changes = new Topic(brokers, `${PREFIX}changes`);
  const features = new Topic(brokers, `${PREFIX}features`);
  await features.stampOnAppend();
  await minioClient(stack.machine).makeBucket(BUCKET);
  const cluster = new Cluster(stack);
  const lake = {
    endpoint: stack.env.MINIO_ENDPOINT ?? '',
    accessKey: stack.machine.secrets.minioAccessKey,
    secretKey: stack.machine.secrets.minioSecretKey,
    lakeBucket: BUCKET,
  };
  const job = await cluster.run(
    PIPELINE_JAR_ID,
    ENTRY_CLASS,
    pipelineArguments(lake, brokers, PREFIX, cluster.piiKeysFile, options.pipelineArg),
  );

  process.stdout.write(
    `${options.rate} order lines a second: ${options.warmup} s to warm up, then ${options.seconds} s …\n`,
  );
  const rate = await insertOrderLines(stack, options.rate, options.warmup + options.seconds);
  const journeys = await follow(changes, features, async () => {
    await cluster.sourceRecords(job);
    await cluster.refuseRestarts(job);
  });
  const measured = lastSeconds([...journeys.values()], options.seconds);
  await stack.stop();

  const total = quantiles(measured.map((journey) => journey.featureRow! - journey.committed));
  const capture = quantiles(measured.map((journey) => journey.onBus - journey.committed));
  const pipeline = quantiles(measured.map((journey) => journey.featureRow! - journey.onBus));
  const row = (name: string, { p50, p95, p99, max }: Quantiles): string[] => [
    name,
    ...[p50, p95, p99, max].map((value) => value.toFixed(0)),
  ];
  process.stdout.write(
    `\n${table([
      ['milliseconds', 'p50', 'p95', 'p99', 'max'],
      row('commit to feature row', total),
      row('  commit to bus (change capture)', capture),
      row('  bus to feature row (pipeline)', pipeline),
    ])}\n\n`,
  );
  const figures: Figures = {
    changes_count: measured.length,
    rate_per_s: round(rate),
    load_average_before: load,
    ...quantileFigures('commit_to_feature', total),
    ...quantileFigures('commit_to_bus', capture),
    ...quantileFigures('bus_to_feature', pipeline),
  };
  printFigures('latency', figures);
}

/** Waits until every order line's change has led to a feature row, then puts the times together. `check` throws where waiting is in vain. */
async function follow(
  changes: Topic,
  features: Topic,
  check: () => Promise<void>,
): Promise<ReadonlyMap<string, Journey>> {
  const began = Date.now();
  const journeys = new Map<string, Journey>();
  let changesRead: Offsets = new Map();
  let featuresRead: Offsets = new Map();
  for (;;) {
    await check();
    const changeEnds = await changes.ends();
    await changes.read(changesRead, changeEnds, ({ headers, timestamp }) => {
      if (String(headers?.ce_subject) !== 'order_lines') return;
      // A change that is told twice was on the bus the first time.
      const id = String(headers?.ce_id);
      if (!journeys.has(id))
        journeys.set(id, { committed: Date.parse(String(headers?.ce_time)), onBus: Number(timestamp) });
    });
    changesRead = changeEnds;
    const featureEnds = await features.ends();
    await features.read(featuresRead, featureEnds, ({ headers, timestamp }) => {
      const journey = journeys.get(String(headers?.ce_id).split('@')[0] ?? '');
      if (journey !== undefined)
        journey.featureRow = Math.min(journey.featureRow ?? Number.POSITIVE_INFINITY, Number(timestamp));
    });
    featuresRead = featureEnds;
    const missing = [...journeys.values()].filter(({ featureRow }) => featureRow === undefined).length;
    if (missing === 0 && journeys.size > 0) return journeys;
    if (Date.now() - began > DRAIN_LIMIT_MS)
      throw new InexactRun(
        `${missing} of ${journeys.size} order lines have no feature row ${DRAIN_LIMIT_MS / 1_000} s after the last insert.`,
      );
    await sleep(1_000);
  }
}

function lastSeconds(journeys: readonly Journey[], seconds: number): Journey[] {
  const last = journeys.reduce((newest, { committed }) => Math.max(newest, committed), 0);
  return journeys.filter(({ committed }) => committed > last - seconds * 1_000);
}

function quantileFigures(name: string, { p50, p95, p99, max }: Quantiles): Figures {
  return {
    [`${name}_p50_ms`]: round(p50),
    [`${name}_p95_ms`]: round(p95),
    [`${name}_p99_ms`]: round(p99),
    [`${name}_max_ms`]: round(max),
  };
}
