import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FlinkClient } from '@tributary/local-emulator/pipeline-keeper/flink-client';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { type BusMessage, createBus, type ManagedBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { createLake } from '@tributary/platform/lake';
import { ActivityTopic, expectedActivity } from './activity.ts';
import { LakeRows } from './lake-rows.ts';
import { type Line, lineEvent, message } from './shop.ts';
import { priceAt, trade } from './trade.ts';
import { until } from './until.ts';

const WAVES = 5;
const LINES_PER_WAVE = 4_000;
/** What is killed while a wave is published. */
const KILLED = [undefined, 'flink-taskmanager', 'flink-jobmanager', 'minio', 'flink-taskmanager'];
/** As many as can be on their way at once, so that kills meet the pipeline at work. */
const CHUNK = 500;
/** Catching up after kills on a machine that does much else. */
const PATIENCE_SECONDS = 300;

/** The job as `npm run up` keeps it: the keeper submits it again from the newest checkpoint when the JobManager has forgotten it. One story, told in order. */
describe('every event is in the lake exactly once', () => {
  const all = trade(4, WAVES, LINES_PER_WAVE);
  const lines = new Map<string, Line>(all.lines);
  /** Bytes that are no event have no id to be known by but their place on the bus: sent twice they are two. */
  let unreadable = all.unreadable;
  let stack: TestStack;
  let bus: ManagedBus;
  let lake: LakeRows;
  let activity: ActivityTopic;

  beforeAll(async () => {
    stack = await startComponents(['kafka', 'minio', 'flink-jobmanager', 'flink-taskmanager', 'pipeline'], {
      needs: false,
    });
    const config = readConfigFrom(stack.env, 'bus', 'lake');
    bus = createBus(config.bus);
    lake = new LakeRows(createLake(config.lake), config.lake.lakeBucket);
    activity = await ActivityTopic.of(bus);
  }, 600_000);

  afterAll(async () => {
    await bus?.close();
    await stack?.stop();
  }, 60_000);

  async function publish(messages: readonly BusMessage[], pauseMs: number): Promise<void> {
    for (let at = 0; at < messages.length; at += CHUNK) {
      await bus.publish('changes', messages.slice(at, at + CHUNK));
      await delay(pauseMs);
    }
  }

  async function kill(component: string): Promise<void> {
    await stack.kill(component);
    await stack.untilReady(component);
  }

  async function idsOf(prefix: string, column: string): Promise<(string | null)[]> {
    return (await lake.rows(prefix)).map((row) => row[column] as string | null);
  }

  /** Until each of these ids is a row of processed/ and of raw/. */
  async function arrived(expected: readonly string[]): Promise<void> {
    await until('every event to be in the lake', PATIENCE_SECONDS, async () => {
      try {
        const processed = new Set(await idsOf('processed/', '_event_id'));
        const raw = new Set(await idsOf('raw/', 'event_id'));
        const [left, leftRaw] = [processed, raw].map((found) => expected.filter((id) => !found.has(id)).length);
        return left! + leftRaw! === 0 || `${left} missing in processed/, ${leftRaw} in raw/`;
      } catch (error) {
        // The store may be the one that is away.
        return (error as Error).message;
      }
    });
  }

  /** All that must hold of the lake, whatever has happened to it. */
  async function expectExactlyOnce(): Promise<void> {
    const good = [...lines.keys(), ...all.priceIds].sort();
    expect((await idsOf('processed/', '_event_id')).sort()).toEqual(good);
    const raw = await idsOf('raw/', 'event_id');
    expect(raw.filter((id) => id !== null).sort()).toEqual([...good, ...all.refused].sort());
    expect(raw.filter((id) => id === null)).toHaveLength(unreadable);

    const letters = await lake.rows('dead-letter/');
    const refused = letters.filter(({ reason }) => reason === 'CONTRACT_VIOLATION');
    expect(refused.map(({ event_id }) => event_id).sort()).toEqual([...all.refused].sort());
    const unread = letters.filter(({ reason }) => reason === 'UNREADABLE');
    expect(new Set(unread.map(({ dead_letter_id }) => dead_letter_id)).size).toBe(unreadable);
    expect(letters).toHaveLength(refused.length + unreadable);
  }

  test('while TaskManager, JobManager and store are killed', async () => {
    for (const [n, wave] of all.waves.entries()) {
      await bus.publish('changes', wave.prices);
      const victim = KILLED[n];
      const published = publish(wave.messages, 400);
      if (victim !== undefined) {
        // Not at the same moment of a checkpoint each time.
        await delay(1_300 * n);
        await kill(victim);
      }
      await published;
    }
    await arrived([...lines.keys(), ...all.priceIds]);
    // Whatever would come twice would come with the next files.
    await delay(11_000);
    await expectExactlyOnce();
  }, 600_000);

  test('under names that say what is in it, in the folder of its hour, with nothing unfinished beside it', async () => {
    const names = await lake.names();
    const form = /^(raw|processed)\/[a-z_]+\/dt=[0-9-]{10}\/hr=[0-9]{2}\/part-[0-9a-f]{64}\.parquet$/;
    const others = names.filter((name) => !form.test(name) && !/^(dead-letter|control\/schemas)\/.*\.json$/.test(name));
    expect(others).toEqual([]);
    // A name tells its rows: the same one in two folders of a layer would be the same rows twice.
    const parts = names.filter((name) => form.test(name)).map((name) => name.replace(/\/.*\//, '/'));
    expect(new Set(parts).size).toBe(parts.length);
    for (const { name, rows } of await lake.files('processed/')) {
      const hours = new Set(rows.map(({ _event_time }) => (_event_time as Date).toISOString().slice(0, 13)));
      const [, day, hour] = /dt=(.*)\/hr=(..)/.exec(name)!;
      expect([...hours]).toEqual([`${day}T${hour}`]);
    }
  });

  test('with the price that held when the line was ordered', async () => {
    const wrong = (await lake.rows('processed/order_lines/')).filter(({ _event_id, product_price }) => {
      const { product, time } = lines.get(_event_id as string)!;
      const cents = priceAt(all.prices, product, time);
      return Math.round(Number(product_price) * 100) !== cents;
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });

  test('and counted once in the features of its customer', async () => {
    const expected = expectedActivity(lines.values());
    await until('features of all customers', 60, async () => {
      const found = activity.found();
      return [...expected].every(([customer, { n }]) => found.get(customer)?.n === n);
    });
    expect(activity.found()).toEqual(expected);
  }, 90_000);

  test('also when all of it is sent again after the job was cancelled and taken up from its checkpoint', async () => {
    const { FLINK_REST_URL } = stack.env;
    const flink = new FlinkClient(FLINK_REST_URL!);
    const running = (await flink.jobs()).find(({ state }) => state === 'RUNNING')!;
    expect((await fetch(`${FLINK_REST_URL}/jobs/${running.jid}?mode=cancel`, { method: 'PATCH' })).status).toBe(202);
    for (const wave of all.waves) await publish([...wave.prices, ...wave.messages], 0);
    unreadable += all.unreadable;
    // One that is new at the end of each partition: what came before it has been read when it is in the lake.
    const last: Line = {
      id: '',
      product: 'P0',
      customer: 1,
      kind: 'purchase',
      quantity: 1,
      cents: 100,
      time: Date.parse('2026-11-20T08:30:00Z'),
    };
    const markers = Array.from({ length: 40 }, (_, n) => ({ ...last, id: `marker-${n}` }));
    const events = markers.map((line, n) => lineEvent(line, 90_000_000 + n));
    for (const [n, { event_id }] of events.entries()) lines.set(event_id, markers[n]!);
    await bus.publish('changes', events.map(message));
    await arrived([...lines.keys()]);
    expect((await flink.jobs()).find(({ state }) => state === 'RUNNING')?.jid).not.toBe(running.jid);
    await delay(11_000);
    await expectExactlyOnce();
    await until(
      'features of the markers',
      60,
      async () => activity.found().get(1)?.n === expectedActivity(lines.values()).get(1)!.n,
    );
    expect(activity.found()).toEqual(expectedActivity(lines.values()));
  }, 600_000);
});
