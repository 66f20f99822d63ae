import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { readConfigFrom } from '../config/index.ts';
import { type BusMessage, createBus, type ManagedBus, type ReceivedMessage } from './index.ts';

const message = (orderingKey: string, n: number, size = 10): BusMessage => ({
  orderingKey,
  attributes: {
    specversion: '1.0',
    id: `${orderingKey}-${n}`,
    type: 'test',
    source: '//test',
    subject: 's',
    time: 't',
  },
  data: Buffer.from(JSON.stringify({ n, filler: 'é'.repeat(size) })),
});

/** Waits for a condition, at most 30 s. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const start = Date.now(); !holds(); await delay(20)) {
    if (Date.now() - start > 30_000) throw new Error(`waited 30 s for ${what}`);
  }
}

const idOf = (received: ReceivedMessage): string => received.attributes.id!;

describe('the bus on Kafka', () => {
  let stack: TestStack;
  const open: ManagedBus[] = [];
  const children: ChildProcess[] = [];
  let run = 0;

  /** A bus whose topics no other test has. */
  const freshEnv = () => ({ ...stack.env, BUS: 'kafka', TOPIC_PREFIX: `test-${process.pid}-${++run}.` });
  const bus = async (env: Record<string, string>): Promise<ManagedBus> => {
    const opened = createBus(readConfigFrom(env, 'bus').bus);
    open.push(opened);
    await opened.ensureTopics();
    return opened;
  };

  beforeAll(async () => {
    stack = await startComponents(['kafka']);
  }, 300_000);

  afterEach(async () => {
    await Promise.all(open.splice(0).map((opened) => opened.close()));
    for (const child of children.splice(0)) child.kill('SIGKILL');
  }, 90_000);

  afterAll(() => stack?.stop(), 60_000);

  test('what is published arrives unchanged, in order per key, also in the group that subscribes afterwards', async () => {
    const { publish, subscribe } = bound(await bus(freshEnv()));
    const sent = Array.from({ length: 3_000 }, (_, n) => message(`key-${n % 7}`, n, 300));
    // Concurrent calls share requests, and together exceed what one record batch may hold.
    await Promise.all([0, 1_000, 2_000].map((from) => publish('changes', sent.slice(from, from + 1_000))));
    const received: ReceivedMessage[] = [];
    await subscribe('changes', 'late', async (batch) => void received.push(...batch));
    await until('all messages', () => received.length >= sent.length);

    expect(received.length).toBe(sent.length);
    const byId = new Map(received.map((each) => [idOf(each), each]));
    for (const each of sent) {
      const got = byId.get(each.attributes.id!)!;
      expect({ orderingKey: got.orderingKey, attributes: got.attributes, data: got.data }).toEqual(each);
    }
    for (let key = 0; key < 7; key += 1) {
      const numbers = received
        .filter((each) => each.orderingKey === `key-${key}`)
        .map((each) => JSON.parse(String(each.data)).n);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
    expect(Math.abs(received[0]!.publishTime.getTime() - Date.now())).toBeLessThan(60_000);
    expect(new Set(received.map((each) => each.messageId)).size).toBe(sent.length);
  }, 60_000);

  test('a rejected batch comes again, and nothing after it before', async () => {
    const { publish, subscribe } = bound(await bus(freshEnv()));
    await publish('chain', [message('k', 1), message('k', 2)]);
    const batches: string[][] = [];
    await subscribe('chain', 'g', async (batch) => {
      batches.push(batch.map(idOf));
      if (batches.length < 3) throw new Error('not yet');
    });
    await until('the second delivery', () => batches.length >= 2);
    await publish('chain', [message('k', 3)]);
    await until('the third message', () => batches.flat().includes('k-3'));
    expect(batches.slice(0, 3)).toEqual([
      ['k-1', 'k-2'],
      ['k-1', 'k-2'],
      ['k-1', 'k-2'],
    ]);
    expect(batches.slice(3).flat()).toEqual(['k-3']);
  }, 60_000);

  test('what was acknowledged does not come again after closing; what was not, does', async () => {
    const env = freshEnv();
    const first = bound(await bus(env));
    await first.publish('chain', [message('k', 1)]);
    const seen: string[] = [];
    const subscription = await first.subscribe('chain', 'g', async (batch) => {
      if (batch.some((each) => idOf(each) === 'k-2')) throw new Error('cannot');
      seen.push(...batch.map(idOf));
    });
    await until('the first message', () => seen.length === 1);
    await first.publish('chain', [message('k', 2)]);
    await delay(300);
    await subscription.close();

    const again: string[] = [];
    await first.subscribe('chain', 'g', async (batch) => void again.push(...batch.map(idOf)));
    await until('the unacknowledged message', () => again.length > 0);
    await delay(300);
    expect(seen).toEqual(['k-1']);
    expect(again).toEqual(['k-2']);
  }, 60_000);

  test('closing waits for the handler at work', async () => {
    const { publish, subscribe } = bound(await bus(freshEnv()));
    await publish('chain', [message('k', 1)]);
    let started = false;
    let finished = false;
    const subscription = await subscribe('chain', 'g', async () => {
      started = true;
      await delay(700);
      finished = true;
    });
    await until('the handler', () => started);
    await subscription.close();
    expect(finished).toBe(true);
  }, 60_000);

  test('a member that is killed while it works loses nothing: another one gets its batch', async () => {
    const env = freshEnv();
    const { publish, subscribe } = bound(await bus(env));
    await publish('chain', [message('k', 1)]);
    const program = `
      import { createBus } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      import { readConfig } from ${JSON.stringify(new URL('../config/index.ts', import.meta.url).href)};
      await createBus(readConfig('bus').bus).subscribe('chain', 'g', () => { console.log('working'); return new Promise(() => {}); });
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...process.env, ...env, LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout!, 'data');
    child.kill('SIGKILL');
    const seen: string[] = [];
    await subscribe('chain', 'g', async (batch) => void seen.push(...batch.map(idOf)));
    await until('the batch of the killed member', () => seen.length > 0);
    expect(seen).toEqual(['k-1']);
  }, 60_000);

  test('publishing while the broker is killed loses nothing that was acknowledged, and the subscriber goes on by itself', async () => {
    const { publish, subscribe } = bound(await bus(freshEnv()));
    const seen = new Set<string>();
    await subscribe('changes', 'g', async (batch) => {
      for (const each of batch) seen.add(idOf(each));
    });
    const acknowledged: string[] = [];
    let stopping = false;
    const publisher = (async () => {
      for (let n = 0; !stopping; n += 1) {
        try {
          await publish('changes', [message('k', n), message('l', n)]);
          acknowledged.push(`k-${n}`, `l-${n}`);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BUS_UNAVAILABLE', class: 'transient' });
        }
        await delay(5);
      }
    })();
    await until('the first messages', () => acknowledged.length > 20);
    await stack.kill('kafka');
    await stack.untilReady('kafka');
    const before = acknowledged.length;
    await until('messages after the kill', () => acknowledged.length > before + 20);
    stopping = true;
    await publisher;
    await until('every acknowledged message', () => acknowledged.every((id) => seen.has(id)));
  }, 180_000);

  test('a topic that was never created, and a message no bus takes, are errors of the user and not retried for long', async () => {
    const env = freshEnv();
    const unmade = createBus(readConfigFrom(env, 'bus').bus);
    open.push(unmade);
    await expect(unmade.publish('chain', [message('k', 1)])).rejects.toMatchObject({ code: 'BUS_TOPIC_MISSING' });
    await expect(unmade.subscribe('chain', 'g', async () => {})).rejects.toMatchObject({ code: 'BUS_TOPIC_MISSING' });
    const large = { ...message('k', 1), data: Buffer.alloc(10_000_001) };
    await expect(unmade.publish('chain', [large])).rejects.toMatchObject({ code: 'BUS_MESSAGE_TOO_LARGE' });
  }, 90_000);

  test('a message is forgotten with what was read before it, and never with what somebody has yet to read', async () => {
    const opened = await bus(freshEnv());
    const { publish, subscribe } = bound(opened);
    const numberOf = ({ data }: BusMessage): number => JSON.parse(data.toString('utf8')).n;
    const forget = (n: number, others: 'read' | 'unknown', countOnly = false) =>
      opened.forget('chain', (each) => (numberOf(each) === n ? 'forget' : others), { countOnly });
    const kept = async (): Promise<number[]> => {
      const numbers: number[] = [];
      await opened.forget(
        'chain',
        (each) => {
          numbers.push(numberOf(each));
          return 'unknown';
        },
        { countOnly: true },
      );
      return numbers;
    };
    await publish(
      'chain',
      Array.from({ length: 6 }, (_, n) => message('k', n)),
    );
    expect(await forget(17, 'unknown')).toEqual({ matches: 0, forgotten: 0, left: 0 });
    expect(await forget(1, 'unknown')).toEqual({ matches: 1, forgotten: 0, left: 1 });
    expect(await forget(1, 'read', true)).toEqual({ matches: 1, forgotten: 0, left: 1 });
    expect(await kept()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await forget(1, 'read')).toEqual({ matches: 1, forgotten: 1, left: 0 });
    expect(await kept()).toEqual([2, 3, 4, 5]);
    // The first is to be forgotten itself: nobody has to have read it.
    expect(await forget(2, 'unknown')).toEqual({ matches: 1, forgotten: 1, left: 0 });
    const received: ReceivedMessage[] = [];
    const subscription = await subscribe('chain', 'g', async (batch) => void received.push(...batch));
    await until('what is left', () => received.length === 3);
    await subscription.close();
    await publish('chain', [message('k', 6), message('k', 7)]);
    expect(await forget(7, 'unknown')).toEqual({ matches: 1, forgotten: 0, left: 1 });
    expect(await forget(5, 'unknown')).toEqual({ matches: 1, forgotten: 1, left: 0 });
    expect(await kept()).toEqual([6, 7]);
  }, 120_000);

  test('messages far above one record batch are carried whole', async () => {
    const { publish, subscribe } = bound(await bus(freshEnv()));
    const large = { ...message('k', 1), data: Buffer.alloc(8_000_000, 'x') };
    await publish('changes', [message('k', 0), large, message('k', 2)]);
    const received: ReceivedMessage[] = [];
    await subscribe('changes', 'g', async (batch) => void received.push(...batch));
    await until('all three', () => received.length === 3);
    expect(received.map(idOf)).toEqual(['k-0', 'k-1', 'k-2']);
    expect(received[1]!.data.equals(large.data)).toBe(true);
  }, 60_000);
});

const bound = (bus: ManagedBus) => ({ publish: bus.publish.bind(bus), subscribe: bus.subscribe.bind(bus) });
