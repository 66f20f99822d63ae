import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { objectFinalized } from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { type ChainEvent, parseChainEvent } from '@tributary/platform/events';
import { inspectCommits } from '@tributary/platform/group-commit';
import { createLake, type Lake, type LakeObject } from '@tributary/platform/lake';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { HTTP } from 'cloudevents';
import type { TestStack } from '../testing.ts';
import { writeFiles } from './parquet.ts';
import { type Burst, type ChaosPlan, chaosPlan, STREAMS, VICTIMS } from './plan.ts';
import { startChain } from './stack.ts';

/**
 * How long functions are killed under load; the seed of a run that failed goes into CHAOS_SEED. Five minutes, by this test alone:
 * `CHAOS_SECONDS=300 NODE_OPTIONS=--experimental-vm-modules npx jest --selectProjects integration local-emulator/src/chaos`
 */
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 60);
const SEED = Number(process.env.CHAOS_SEED ?? randomInt(1_000_000));
const ROWS_PER_FILE = 3;
/** How often each object's event is sent at the same time: once by Eventarc, until it is taken, and otherwise into the blue. */
const TELLINGS = 10;
/** After the last kill: leases expire, dead jobs are found out and run again. Only a chain that is stuck takes longer. */
const SETTLES_WITHIN_MS = 240_000;

let stack: TestStack;
let lake: Lake;
let bucket: string;
let warehouse: Warehouse;
let bus: ManagedBus;
let plan: ChaosPlan;
/** Chain events as they came, each once. */
const told = new Map<string, ChainEvent>();

beforeAll(async () => {
  stack = await startChain();
  const config = readConfigFrom(stack.env, 'lake', 'warehouse', 'bus');
  lake = createLake(config.lake);
  bucket = config.lake.lakeBucket;
  warehouse = createWarehouse(config.warehouse);
  await warehouse.migrate();
  bus = createBus(config.bus);
  await bus.ensureTopics();
  await bus.subscribe('chain', 'kills', async (batch) => {
    for (const { data } of batch) {
      const event = parseChainEvent(data);
      if (!told.has(event.event_id)) told.set(event.event_id, event);
    }
  });
  plan = chaosPlan(SEED, SECONDS);
}, 300_000);

afterAll(async () => {
  await bus?.close();
  await stack?.stop();
}, 60_000);

const filesOf = (stream: Burst['stream']) =>
  plan.bursts.filter((burst) => burst.stream === stream).reduce((sum, { files }) => sum + files, 0);

/** Puts the bursts into the lake, one after the other. */
async function load(folders: Readonly<Record<string, string>>): Promise<void> {
  const next = { orders: 0, customers: 0 };
  for (const { afterMs, stream, files } of plan.bursts) {
    await delay(afterMs);
    const numbers = Array.from({ length: files }, () => next[stream]++);
    await Promise.all(
      numbers.map((n) => {
        const name = `processed/${stream}/dt=2026-11-21/hr=05/part-${String(n).padStart(5, '0')}.parquet`;
        return lake.write(bucket, name, readFileSync(join(folders[stream]!, `${n}.parquet`)));
      }),
    ).then((objects) => objects.forEach(tellAgain));
  }
}

/** Sends the event beside Eventarc; whether anybody takes it does not matter. */
function tellAgain(object: LakeObject): void {
  const url = `http://127.0.0.1:${stack.machine.port('function-load-warehouse')}/`;
  for (let telling = 1; telling < TELLINGS; telling += 1) {
    const { headers, body } = HTTP.binary(objectFinalized(object));
    const posted = fetch(url, { method: 'POST', headers: headers as Record<string, string>, body: body as string });
    void posted.then((answer) => answer.arrayBuffer()).catch(() => undefined);
  }
}

/** Kills one after the other, each once it is up again from the last time; as many as there is time for. */
async function kill(): Promise<Record<string, number>> {
  const end = Date.now() + SECONDS * 1_000;
  const kills: Record<string, number> = Object.fromEntries(Object.keys(VICTIMS).map((victim) => [victim, 0]));
  for (const { afterMs, victim } of plan.kills) {
    await delay(afterMs);
    await stack.untilReady(victim);
    if (Date.now() > end) break;
    await stack.kill(victim);
    kills[victim]! += 1;
  }
  for (const victim of Object.keys(VICTIMS)) await stack.untilReady(victim);
  return kills;
}

async function number(sql: string): Promise<number> {
  const [row] = await warehouse.query<{ n: number }>(sql);
  return Number(row!.n);
}

/** Events that a function has not taken yet. */
async function backlog(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${stack.machine.port('eventarc')}/stats`).catch(() => undefined);
  if (!response?.ok) return Number.POSITIVE_INFINITY;
  const { functions } = (await response.json()) as { functions: Record<string, { backlog: number; inFlight: number }> };
  return Object.values(functions).reduce((sum, stats) => sum + stats.backlog + stats.inFlight, 0);
}

const commits = () => inspectCommits(lake, bucket);
const newest = (type: ChainEvent['type']) => [...told.values()].findLastIndex((event) => event.type === type);

async function untilQuiet(): Promise<void> {
  const deadline = Date.now() + SETTLES_WITHIN_MS;
  for (let quietSince: number | undefined; ; await delay(500)) {
    const busy = (await commits()).filter(
      ({ waiting, openManifest, leaseHeld }) => waiting || openManifest || leaseHeld,
    );
    const waiting = await backlog();
    if (busy.length === 0 && waiting === 0) {
      quietSince ??= Date.now();
      // What was published last may not have reached Eventarc yet.
      if (Date.now() - quietSince > 3_000) return;
    } else quietSince = undefined;
    if (Date.now() > deadline) {
      throw new Error(`seed ${SEED}: not quiet: ${JSON.stringify(busy)}, ${waiting} events not taken`);
    }
  }
}

describe(`each object's event sent ${TELLINGS} times at once, and functions killed for ${SECONDS} s, seed ${SEED}`, () => {
  test(
    'every row is there once, everything was said once, nothing waits, and no lease is left',
    async () => {
      const folders = Object.fromEntries(
        STREAMS.map((stream) => [stream, writeFiles(stack.machine, stream, filesOf(stream), ROWS_PER_FILE)]),
      );
      const [kills] = await Promise.all([kill(), load(folders)]);
      await untilQuiet();

      const rows = { orders: filesOf('orders') * ROWS_PER_FILE, customers: filesOf('customers') * ROWS_PER_FILE };
      for (const stream of STREAMS) {
        expect(await number(`SELECT COUNT(*) AS n FROM staging.${stream}`)).toBe(rows[stream]);
        expect(await number(`SELECT COUNT(DISTINCT _event_id) AS n FROM staging.${stream}`)).toBe(rows[stream]);
      }
      const files = filesOf('orders') + filesOf('customers');
      expect(await number('SELECT COUNT(*) AS n FROM ops.loads')).toBe(files);
      expect(await number('SELECT COUNT(DISTINCT object_id) AS n FROM ops.loads')).toBe(files);
      expect(await number('SELECT SUM(row_count) AS n FROM ops.loads')).toBe(rows.orders + rows.customers);

      const events = [...told.values()];
      const loads = events.filter(({ type }) => type === 'warehouse.loaded');
      expect(loads.reduce((sum, { counts }) => sum + counts.objects!, 0)).toBe(files);
      // What was loaded last was transformed, checked and put online after that.
      expect(events.filter(({ error }) => error?.code === 'ATTEMPTS_EXHAUSTED')).toEqual([]);
      expect(newest('transform.finished')).toBeGreaterThan(newest('warehouse.loaded'));
      expect(newest('quality.checked')).toBeGreaterThan(newest('transform.finished'));
      expect(newest('features.materialized')).toBeGreaterThan(newest('quality.checked'));
      for (const state of await commits()) {
        expect(state).toMatchObject({ waiting: 0, openManifest: undefined, leaseHeld: false });
      }
      // Otherwise the test was none.
      expect(kills['function-load-warehouse']).toBeGreaterThan(0);
      process.stdout.write(
        `chaos: seed ${SEED}, ${SECONDS} s, kills ${JSON.stringify(kills)}, ${files} objects told ${TELLINGS} times each in ${loads.length} loads\n`,
      );
    },
    SECONDS * 3_000 + SETTLES_WITHIN_MS + 120_000,
  );
});
