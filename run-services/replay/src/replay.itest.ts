import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readBatch, Translator } from '@tributary/debezium-bridge';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus, type ReceivedMessage } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { parseChangeEvent } from '@tributary/platform/events';
import { createLake, type Lake } from '@tributary/platform/lake';
import { tokenize } from '@tributary/platform/pii';
import { contractsAllowing, envelopeOf, KEYS, store } from './fixtures.ts';
import type { ReplayPorts } from './ports.ts';
import { replay } from './replay.ts';

const EMAIL = 'planted@example.com';

/** Real letters, a real lake and a real bus; the letters are those of a bridge whose contract knew too few kinds. */
let stack: TestStack;
let bus: ManagedBus;
let lake: Lake;
let ports: ReplayPorts;
const received: ReceivedMessage[] = [];

beforeAll(async () => {
  stack = await startComponents(['kafka', 'minio'], { needs: false });
  const config = readConfigFrom({ ...stack.env, BUS: 'kafka', LAKE: 'minio' }, 'bus', 'lake');
  bus = createBus(config.bus);
  await bus.ensureTopics();
  lake = createLake(config.lake);
  const { lakeBucket, landingBucket } = config.lake;
  ports = { lake, lakeBucket, landingBucket, bus, contracts: contractsAllowing('good', 'new'), keys: KEYS };
  for (const start = Date.now(); ; await delay(500)) {
    try {
      await bus.subscribe('changes', 'test-replay', async (batch) => void received.push(...batch));
      return;
    } catch (error) {
      // A broker that has just started may not know its consumer groups yet.
      if (Date.now() - start > 30_000) throw error;
    }
  }
}, 300_000);

afterAll(async () => {
  await bus?.close();
  await stack?.stop();
}, 60_000);

async function letterOfBridge(id: number, kind: string): Promise<void> {
  const original = envelopeOf(id, kind, EMAIL);
  const translator = new Translator(contractsAllowing('good'), KEYS);
  const translation = translator.translate(readBatch(`[${original}]`)[0]!, '2026-11-21T05:53:39.000000Z');
  if (translation.kind !== 'dead-letter') throw new Error('expected a dead letter');
  const { payload: _payload, sealed: _sealed, ...input } = translation.letter;
  await store(ports, { ...input, original });
}

async function until(done: () => boolean): Promise<void> {
  for (const start = Date.now(); !done(); await delay(100)) {
    if (Date.now() - start > 30_000) throw new Error('nothing came in time');
  }
}

test('letters go back to the topic once, as the events they would have been; a second replay changes nothing', async () => {
  await Promise.all(Array.from({ length: 250 }, (_, id) => letterOfBridge(id, id % 50 === 0 ? 'bad' : 'new')));

  const first = await replay({ stream: 'things' }, ports);
  expect(first.outcomes.filter(({ state }) => state === 'replayed')).toHaveLength(245);
  expect(first.outcomes.filter(({ state }) => state === 'refused')).toHaveLength(5);
  await until(() => received.length >= 245);

  const second = await replay({ stream: 'things' }, ports);
  expect(second.earlier).toEqual({ bridge: 245 });
  expect(second.outcomes.map(({ state }) => state)).toEqual(Array(5).fill('refused'));
  await delay(1_000);

  const events = received.map(({ data }) => parseChangeEvent(data));
  expect(events).toHaveLength(245);
  expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(245);
  expect(new Set(events.map(({ after }) => after?.email))).toEqual(new Set([tokenize(EMAIL, KEYS)]));
  expect(received.some(({ data }) => data.toString().includes(EMAIL))).toBe(false);
}, 120_000);
