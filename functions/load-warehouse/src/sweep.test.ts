import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import { loadContracts } from '@tributary/platform/contracts';
import { TransientError } from '@tributary/platform/errors';
import { chainEvent } from '@tributary/platform/events';
import { inspectCommits } from '@tributary/platform/group-commit';
import { type Interference, ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import { createLogger } from '@tributary/platform/log';
import { RecordedMetrics } from '@tributary/platform/metrics/testing';
import { RecordingBus } from '@tributary/platform/stage/testing';
import { loadHandler } from './handler.ts';
import { Ledger } from './ledger.ts';
import { Sweep } from './sweep.ts';
import { MemoryWarehouse } from './testing/memory-warehouse.ts';
import { parquetFile } from './testing/parquet.ts';

const BUCKET = 'lake';
const CONTENT = parquetFile(Array.from({ length: 10 }, (_, n) => `row ${n}`));
const log = createLogger('test', { level: 'silent' });
const contracts = loadContracts();

let lake: MemoryLake;
let clock: ManualClock;
let bus: RecordingBus;
let warehouse: MemoryWarehouse;
let metrics: RecordedMetrics;
/** An instance of the function that lives on. */
let handle: EventHandler;

beforeEach(() => {
  [lake, clock, bus, warehouse] = [new MemoryLake(), new ManualClock(), new RecordingBus(), new MemoryWarehouse()];
  metrics = new RecordedMetrics();
  handle = newInstance();
});

afterEach(() => metrics.stop());

function newInstance(interfere: Interference = () => undefined): EventHandler {
  const live = { fresh: async () => contracts };
  const seen = lake.seenThrough(interfere);
  return loadHandler({ lake: seen, bucket: BUCKET, warehouse, bus, clock, contracts: live, jobsPerDay: 1_000 });
}

const partName = (stream: string, n: number) => `processed/${stream}/dt=2026-11-21/hr=05/part-${n}.parquet`;

async function arrive(name: string): Promise<DeliveredEvent> {
  const { bucket, generation, size } = await lake.write(BUCKET, name, CONTENT);
  const object = { bucket, name, generation, size, timeCreated: new Date(clock.now()).toISOString() };
  return { kind: 'object', object, traceparent: undefined };
}

async function tick(instance = handle): Promise<void> {
  const event = chainEvent({ type: 'sweep.tick', runId: 'sweep', identity: [String(clock.now())] });
  await instance({ kind: 'chain', event }, log);
}

/** An instance that dies as soon as it asks the lake for something of that kind. */
function dyingAt(doom: (operation: string, name: string) => boolean): EventHandler {
  let dead = false;
  return newInstance((moment, operation, name) => {
    dead ||= moment === 'before' && doom(operation, name);
    if (dead) throw new Error('killed');
  });
}

const timesLoaded = (name: string) => warehouse.appended.get(`gs://${BUCKET}/${name}`) ?? 0;

async function expectQuiet(): Promise<void> {
  for (const state of await inspectCommits(lake, BUCKET, clock)) {
    expect(state).toMatchObject({ waiting: 0, openManifest: undefined, leaseHeld: false });
  }
}

describe('a tick of the sweep', () => {
  test('where all is well does nothing, and costs one listing of nothing and now and then one of what may have been missed', async () => {
    const requests: string[] = [];
    let queries = 0;
    for (const stream of ['orders', 'customers']) await handle(await arrive(partName(stream, 1)), log);
    handle = newInstance((moment, operation, name) => {
      if (moment === 'before') requests.push(`${operation} ${name}`);
    });
    // The first look of an instance asks the ledger about objects it has not seen there, once.
    await tick();
    clock.advance(90_000);
    await tick();
    requests.length = 0;
    warehouse.interfere = () => {
      queries += 1;
    };
    for (let second = 0; second < 60; second += 10) {
      clock.advance(10_000);
      await tick();
    }
    const waiting = 'list control/arrivals/load-';
    const processed = 'list processed/';
    expect(requests).toEqual([waiting, waiting, waiting, processed, waiting, waiting, waiting, processed]);
    expect(queries).toBe(0);
    expect(await metrics.of('tributary.sweep.repairs')).toEqual([]);
  });

  test('loads an object whose event never came, and says so', async () => {
    await arrive(partName('orders', 1));
    await tick();
    expect(timesLoaded(partName('orders', 1))).toBe(0);
    clock.advance(90_000);
    await tick();
    expect(timesLoaded(partName('orders', 1))).toBe(1);
    expect(await metrics.of('tributary.sweep.repairs')).toEqual([
      { labels: { commit: 'load-orders', repaired: 'event' }, value: 1 },
    ]);
    await expectQuiet();
  });

  test.each([
    [
      'before it had the lease',
      (operation: string, name: string) => operation === 'read' && name.endsWith('lease.json'),
    ],
    ['with the lease', (operation: string, name: string) => operation === 'list' && name.endsWith('/manifests/')],
    ['before it began', (operation: string, name: string) => operation === 'write' && name.includes('/manifests/')],
  ])('loads what was on record when its function died %s', async (_, doom) => {
    const event = await arrive(partName('orders', 1));
    await expect(dyingAt(doom)(event, log)).rejects.toThrow('killed');
    clock.advance(20_000);
    await tick();
    expect(timesLoaded(partName('orders', 1))).toBe(1);
    expect(await metrics.of('tributary.sweep.repairs')).toEqual([
      { labels: { commit: 'load-orders', repaired: 'arrival' }, value: 1 },
    ]);
    await expectQuiet();
  });

  test('finishes a load whose function died in the middle, without loading anything twice', async () => {
    const event = await arrive(partName('orders', 1));
    const dying = dyingAt((operation) => operation === 'write' && warehouse.appended.size > 0);
    await expect(dying(event, log)).rejects.toThrow('killed');
    expect(timesLoaded(partName('orders', 1))).toBe(1);
    clock.advance(20_000);
    await tick();
    expect(timesLoaded(partName('orders', 1))).toBe(1);
    expect(bus.chain().map(({ type }) => type)).toEqual(['warehouse.loaded']);
    await expectQuiet();
  });

  test('leaves a lease of one that is alive alone', async () => {
    const event = await arrive(partName('orders', 1));
    const dying = dyingAt((operation, name) => operation === 'list' && name.endsWith('/manifests/'));
    await expect(dying(event, log)).rejects.toThrow('killed');
    // For all one can know it still works.
    clock.advance(10_000);
    await tick();
    expect(timesLoaded(partName('orders', 1))).toBe(0);
  });

  test('looks for what a busy stream misses, too, only later, and does not repeat itself at each look', async () => {
    const event = await arrive(partName('orders', 1));
    await arrive(partName('orders', 2));
    warehouse.interfere = () => {
      throw new TransientError('BACKEND_BUSY', 'come back later');
    };
    await expect(handle(event, log)).rejects.toThrow('come back later');
    const waiting = async () => (await inspectCommits(lake, BUCKET, clock))[0]!.waiting;
    const minutes = async (count: number) => {
      for (let minute = 0; minute < count; minute += 1) {
        await tick().catch(() => undefined);
        clock.advance(60_000);
      }
    };
    warehouse.load = async () => {
      throw new TransientError('BACKEND_BUSY', 'come back later');
    };
    warehouse.interfere = () => undefined;
    await minutes(14);
    expect(await waiting()).toBe(1);
    await minutes(10);
    expect(await waiting()).toBe(2);
  });

  test('goes on with the other streams where one cannot be repaired', async () => {
    for (const stream of ['customers', 'orders', 'products']) await arrive(partName(stream, 1));
    await tick();
    clock.advance(90_000);
    const load = warehouse.load.bind(warehouse);
    warehouse.load = async (request) => {
      if (request.table === 'customers') throw new TransientError('BACKEND_BUSY', 'come back later');
      return load(request);
    };
    await expect(tick()).rejects.toThrow('come back later');
    expect(timesLoaded(partName('orders', 1))).toBe(1);
    expect(timesLoaded(partName('products', 1))).toBe(1);
    warehouse.load = load;
    await tick();
    expect(timesLoaded(partName('customers', 1))).toBe(1);
    await expectQuiet();
  });
});

test('of a lake of more objects than one look takes, each look goes on where the last one ended, and none is passed over', async () => {
  const names = [1, 2, 3, 4, 5].map((n) => partName('orders', n));
  for (const name of names) await arrive(name);
  const sweep = new Sweep({
    lake,
    bucket: BUCKET,
    ledger: new Ledger(warehouse),
    now: () => clock.now(),
    maxObjects: 2,
  });
  const missed: string[] = [];
  for (let look = 0; look < 6; look += 1) {
    const found = await sweep.missed(new Set());
    missed.push(...[...found.values()].flat().map(({ name }) => name));
    clock.advance(60_000);
  }
  expect(missed).toEqual(names);
});
