import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant } from './contestants/contestant.ts';
import { InexactRun } from './errors.ts';
import { type Checkpoints, Cluster } from './flink/cluster.ts';
import type { StateBackend } from './flink/profile.ts';
import type { Backlog, Infrastructure } from './infrastructure.ts';
import { type LakeRows, RowCounter, shortId } from './lake/lake-rows.ts';
import { type Sample, steadyRate } from './progress.ts';
import { between, type Offsets, Topic } from './topic.ts';

/** How often the source's counter is read; Flink refreshes it as often. */
const SAMPLE_MS = 250;
/** How often what is done is looked at, once the source is read. */
const COMPLETION_MS = 400;
/** Nothing new for this long: it will not come. */
const STALL_LIMIT_MS = 120_000;
/** State is measured in a checkpoint that began when all was done: two intervals and some time to write it. */
const CHECKPOINT_LIMIT_MS = 60_000;

/** What one run showed. */
export interface Run {
  readonly contestant: string;
  readonly state: StateBackend;
  readonly events: number;
  /** From submission to the last row in the lake and on the features topic. */
  readonly coldEventsPerSecond: number;
  readonly steadyEventsPerSecond: number;
  readonly seconds: number;
  /** The TaskManager's, from submission to the end. */
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  readonly peakLiveHeapMb: number;
  readonly gcSeconds: number;
  readonly featureMessages: number;
  readonly checkpoints: Checkpoints;
}

/**
 * Runs a contestant once on a cluster of its own, from submission until everything that must come of the backlog is there, and checks that it is there
 * exactly: each row once, each dead letter, a feature row for each event.
 *
 * @throws {InexactRun} naming what is missing or too much
 */
export async function measure(
  contestant: Contestant,
  state: StateBackend,
  infrastructure: Infrastructure,
  backlog: Backlog,
): Promise<Run> {
  process.stdout.write(`${contestant.name}, ${state} state, ${backlog.events.toLocaleString('en')} events …\n`);
  const bucket = await infrastructure.emptyBucket();
  const features = new Topic(infrastructure.brokers, `${backlog.topicPrefix}features`);
  const before = await features.ends();
  const cluster = await Cluster.start(await contestant.profile(state, infrastructure));
  try {
    await contestant.prepare(cluster, infrastructure);
    const [began, cpuBefore] = [Date.now(), cluster.cpuSeconds()];
    const job = await contestant.submit(cluster, infrastructure, backlog, bucket);
    const samples = await readSource(cluster, job, backlog, began);
    const counter = new RowCounter(infrastructure.minio, bucket);
    await untilDone(counter, features, before, backlog);
    const seconds = (Date.now() - began) / 1_000;
    const cpuSeconds = cluster.cpuSeconds() - cpuBefore;
    const checkpoints = await nextCheckpoint(cluster, job);
    await cluster.refuseRestarts(job);
    const run = {
      contestant: contestant.name,
      state,
      events: backlog.events,
      coldEventsPerSecond: backlog.messages / seconds,
      steadyEventsPerSecond: steadyRate(samples, backlog.messages),
      seconds,
      cpuSeconds,
      peakRssMb: cluster.peakMemoryMb(),
      peakLiveHeapMb: cluster.garbage().peakLiveMb,
      gcSeconds: cluster.garbage().pauseSeconds,
      featureMessages: between(before, await features.ends()),
      checkpoints,
    };
    await cluster.stop();
    await checkExact(counter, features, before, backlog);
    process.stdout.write(
      `  ${Math.round(run.coldEventsPerSecond).toLocaleString('en')} events/s cold start included, ${Math.round(run.steadyEventsPerSecond).toLocaleString('en')} steady; complete and exact after ${seconds.toFixed(1)} s\n`,
    );
    return run;
  } finally {
    await cluster.stop();
  }
}

async function readSource(cluster: Cluster, job: string, backlog: Backlog, began: number): Promise<Sample[]> {
  const samples: Sample[] = [{ at: began, records: 0 }];
  let lastProgress = Date.now();
  for (;;) {
    const records = await cluster.sourceRecords(job);
    const last = samples.at(-1)!;
    if (records !== last.records) {
      lastProgress = Date.now();
      samples.push({ at: lastProgress, records });
    }
    if (records >= backlog.messages) return samples;
    if (Date.now() - lastProgress > STALL_LIMIT_MS) {
      throw new InexactRun(
        `The source has read ${records} of ${backlog.messages} messages and nothing more for ${STALL_LIMIT_MS / 1_000} s.`,
      );
    }
    await sleep(SAMPLE_MS);
  }
}

async function untilDone(counter: RowCounter, features: Topic, before: Offsets, backlog: Backlog): Promise<void> {
  let lastProgress = Date.now();
  let seen = '';
  for (;;) {
    const rows = await counter.count();
    const messages = between(before, await features.ends());
    const wrong = differences(rows, messages, backlog);
    if (wrong.length === 0) return;
    const now = JSON.stringify([rows, messages]);
    if (now !== seen) {
      seen = now;
      lastProgress = Date.now();
    }
    if (wrong.some(({ excess }) => excess) || Date.now() - lastProgress > STALL_LIMIT_MS) {
      throw new InexactRun(`The result is not what it must be: ${wrong.map(({ text }) => text).join('; ')}.`);
    }
    await sleep(COMPLETION_MS);
  }
}

function differences(
  rows: LakeRows,
  featureMessages: number,
  expected: Backlog,
): { readonly text: string; readonly excess: boolean }[] {
  const wrong: { text: string; excess: boolean }[] = [];
  for (const [name, have, want] of [
    ['raw rows', rows.raw, expected.rawRows],
    ['processed order lines', rows.orderLines, expected.orderLineRows],
    ['processed products', rows.products, expected.productRows],
    ['dead letters', rows.deadLetters, expected.deadLetters],
  ] as const) {
    if (have !== want) wrong.push({ text: `${have} ${name}, not ${want}`, excess: have > want });
  }
  // A row that a late event changes is told again: more messages than events are in order.
  if (featureMessages < expected.featureEvents)
    wrong.push({ text: `${featureMessages} feature messages, not ${expected.featureEvents}`, excess: false });
  return wrong;
}

/** A checkpoint that began after all work was done; its state is what the job keeps. */
async function nextCheckpoint(cluster: Cluster, job: string): Promise<Checkpoints> {
  const deadline = Date.now() + CHECKPOINT_LIMIT_MS;
  const { completed } = await cluster.checkpoints(job);
  for (;;) {
    await sleep(COMPLETION_MS);
    const checkpoints = await cluster.checkpoints(job);
    if (checkpoints.completed >= completed + 2) return checkpoints;
    if (Date.now() > deadline)
      throw new InexactRun(`No checkpoint was completed for ${CHECKPOINT_LIMIT_MS / 1_000} s after the end.`);
  }
}

/** As many rows as expected could be one lost and one doubled: the ids say. */
async function checkExact(counter: RowCounter, features: Topic, before: Offsets, expected: Backlog): Promise<void> {
  const wrong = differences(await counter.count(), Number.POSITIVE_INFINITY, expected).map(({ text }) => text);
  const raw = await counter.distinctIds('raw');
  if (raw !== expected.rawRows) wrong.push(`${raw} distinct events in raw, not ${expected.rawRows}`);
  const lines = await counter.distinctIds('orderLines');
  if (lines !== expected.orderLineRows)
    wrong.push(`${lines} distinct events in processed order lines, not ${expected.orderLineRows}`);
  const events = new Set<number>();
  const marker = '"event_id":"';
  await features.read(before, await features.ends(), (message) => {
    const value = message.value?.toString('latin1') ?? '';
    const at = value.indexOf(marker) + marker.length;
    events.add(shortId(value.slice(at, at + 32)));
  });
  if (events.size !== expected.featureEvents)
    wrong.push(`feature rows of ${events.size} events, not ${expected.featureEvents}`);
  if (wrong.length > 0) throw new InexactRun(`The result is not exact: ${wrong.join('; ')}.`);
}
