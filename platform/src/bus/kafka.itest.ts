import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import type { BusMessage, ManagedBus, ReceivedMessage } from './index.ts';
import { Buses, describeBus, idOf, message, until } from './testing/contract.ts';

describe('the bus on Kafka', () => {
  let stack: TestStack;
  const environment = () => ({ ...stack.env, BUS: 'kafka' });
  const buses = new Buses(environment);

  beforeAll(async () => {
    stack = await startComponents(['kafka']);
  }, 300_000);

  afterEach(() => buses.close(), 90_000);
  afterAll(() => stack?.stop(), 60_000);

  describeBus('Kafka', { environment, away: { KAFKA_BROKERS: '127.0.0.1:9' } });

  test('a group that subscribes for the first time gets what was published before', async () => {
    const { publish, subscribe } = bound(await buses.ready());
    await publish('changes', [message('k', 1), message('l', 2)]);
    const received: ReceivedMessage[] = [];
    await subscribe('changes', 'late', async (batch) => void received.push(...batch));
    await until('both', () => received.length === 2);
    expect(received.map(idOf).toSorted()).toEqual(['k-1', 'l-2']);
  }, 60_000);

  test('publishing while the broker is killed loses nothing that was acknowledged, and the subscriber goes on by itself', async () => {
    const { publish, subscribe } = bound(await buses.ready());
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

  test('a message is forgotten with what was read before it, and never with what somebody has yet to read', async () => {
    const opened = await buses.ready();
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
});

const bound = (bus: ManagedBus) => ({ publish: bus.publish.bind(bus), subscribe: bus.subscribe.bind(bus) });
