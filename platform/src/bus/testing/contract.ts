import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readConfigFrom } from '../../config/index.ts';
import { type BusMessage, createBus, type ManagedBus, MESSAGE_LIMITS, type ReceivedMessage } from '../index.ts';

export type Environment = Readonly<Record<string, string>>;

export const message = (orderingKey: string, n: number, size = 10): BusMessage => ({
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

/** Waits for a condition, at most 60 s. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const start = Date.now(); !holds(); await delay(20)) {
    if (Date.now() - start > 60_000) throw new Error(`waited 60 s for ${what}`);
  }
}

export const idOf = (received: ReceivedMessage): string => received.attributes.id!;

/** Of all buses of a test file. */
let run = 0;

/** Buses of tests: each with topics that no other test has, closed together. */
export class Buses {
  readonly #open: ManagedBus[] = [];
  readonly #environment: () => Environment;

  constructor(environment: () => Environment) {
    this.#environment = environment;
  }

  env(): Environment {
    run += 1;
    return { ...this.#environment(), TOPIC_PREFIX: `test-${process.pid}-${run}.` };
  }

  /** A bus that is not set up. */
  opened(env: Environment): ManagedBus {
    const bus = createBus(readConfigFrom(env, 'bus').bus);
    this.#open.push(bus);
    return bus;
  }

  async ready(env: Environment = this.env()): Promise<ManagedBus> {
    const bus = this.opened(env);
    await bus.ensureTopics();
    return bus;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((bus) => bus.close()));
  }
}

export interface BusUnderTest {
  /** Of a bus that runs; asked for when the tests run. */
  readonly environment: () => Environment;
  /** Of the same adapter, where nobody listens. */
  readonly away: Environment;
}

/** What every adapter of the bus promises (../port.ts), against a real server. */
export function describeBus(name: string, { environment, away }: BusUnderTest): void {
  describe(`the bus's contract, on ${name}`, () => {
    const buses = new Buses(environment);
    const children: ChildProcess[] = [];

    afterEach(async () => {
      await buses.close();
      for (const child of children.splice(0)) child.kill('SIGKILL');
    }, 90_000);

    /** A process that takes messages of the group `g`, and says so, but never ends its work. */
    const workerThatNeverEnds = async (env: Environment): Promise<ChildProcess> => {
      const program = `
        import { createBus } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
        import { readConfig } from ${JSON.stringify(new URL('../../config/index.ts', import.meta.url).href)};
        await createBus(readConfig('bus').bus).subscribe('chain', 'g', () => { console.log('working'); return new Promise(() => {}); });
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        env: { ...process.env, ...env, LOG_LEVEL: 'silent' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      await once(child.stdout!, 'data');
      return child;
    };

    test('what is published arrives unchanged, in order per key', async () => {
      const bus = await buses.ready();
      const received: ReceivedMessage[] = [];
      await bus.subscribe('changes', 'g', async (batch) => void received.push(...batch));
      const sent = Array.from({ length: 1_500 }, (_, n) => message(`key-${n % 50}`, n, 300));
      // Concurrent calls share requests, and together exceed what one request may hold.
      await Promise.all([0, 500, 1_000].map((from) => bus.publish('changes', sent.slice(from, from + 500))));
      await until('all messages', () => new Set(received.map(idOf)).size >= sent.length);

      const byId = new Map(received.map((each) => [idOf(each), each]));
      for (const each of sent) {
        const got = byId.get(each.attributes.id!)!;
        expect({ orderingKey: got.orderingKey, attributes: got.attributes, data: got.data }).toEqual(each);
      }
      for (let key = 0; key < 50; key += 1) {
        const numbers = [...new Set(received.filter((each) => each.orderingKey === `key-${key}`).map(idOf))].map((id) =>
          Number(id.split('-').at(-1)),
        );
        // Of each call by itself: nobody ordered the three.
        for (const call of [0, 500, 1_000]) {
          const own = numbers.filter((n) => n >= call && n < call + 500);
          expect(own).toEqual(own.toSorted((a, b) => a - b));
        }
      }
      expect(Math.abs(received[0]!.publishTime.getTime() - Date.now())).toBeLessThan(120_000);
      expect(new Set(received.map((each) => each.messageId)).size).toBe(sent.length);
    }, 90_000);

    test('every group gets every message, and members of one share them', async () => {
      const env = buses.env();
      const bus = await buses.ready(env);
      const got: Record<string, string[]> = { one: [], two: [], other: [] };
      const member = (group: string, name: string) =>
        bus.subscribe('changes', group, async (batch) => void got[name]!.push(...batch.map(idOf)));
      await Promise.all([member('shared', 'one'), member('alone', 'other')]);
      const second = await buses.ready(env);
      await second.subscribe('changes', 'shared', async (batch) => void got.two!.push(...batch.map(idOf)));
      const sent = Array.from({ length: 200 }, (_, n) => message(`key-${n}`, n));
      await bus.publish('changes', sent);
      const wanted = new Set(sent.map(({ attributes }) => attributes.id));
      await until('both groups', () => {
        const shared = new Set([...got.one!, ...got.two!]);
        return shared.size === wanted.size && new Set(got.other).size === wanted.size;
      });
      expect(new Set([...got.one!, ...got.two!])).toEqual(wanted);
      expect(new Set(got.other)).toEqual(wanted);
    }, 90_000);

    test('attributes and keys of any text arrive as they are, also of a message without data', async () => {
      const bus = await buses.ready();
      const received: ReceivedMessage[] = [];
      await bus.subscribe('chain', 'g', async (batch) => void received.push(...batch));
      const sent: BusMessage[] = [
        {
          ...message('ключ:{"id":"a b/c%"}', 1),
          attributes: { ...message('k', 1).attributes, subject: 'ä "b" % 日本 🚚' },
        },
        // A tombstone.
        { ...message('k', 2), data: Buffer.alloc(0) },
        { ...message('', 3), data: Buffer.from([0, 255, 254, 0, 10]) },
      ];
      await bus.publish('chain', sent);
      await until('all three', () => received.length >= 3);
      const plain = ({ orderingKey, attributes, data }: BusMessage) => ({ orderingKey, attributes, data });
      const inOrder = (a: BusMessage, b: BusMessage) => a.attributes.id!.localeCompare(b.attributes.id!);
      expect(received.map(plain).toSorted(inOrder)).toEqual(sent.toSorted(inOrder));
    }, 60_000);

    test('what a handler refuses comes again, and nothing of its key before it', async () => {
      const bus = await buses.ready();
      const handed: string[] = [];
      const taken: string[] = [];
      let refusals = 0;
      await bus.subscribe('chain', 'g', async (batch) => {
        handed.push(...batch.map(idOf));
        if (refusals < 2) {
          refusals += 1;
          throw new Error('not yet');
        }
        taken.push(...batch.map(idOf));
      });
      await bus.publish('chain', [message('k', 1), message('k', 2)]);
      await until('the first two', () => taken.includes('k-2'));
      await bus.publish('chain', [message('k', 3)]);
      await until('the third message', () => taken.includes('k-3'));
      expect([...new Set(taken)]).toEqual(['k-1', 'k-2', 'k-3']);
      // Three times the first: twice refused, once taken.
      expect(handed.filter((id) => id === 'k-1').length).toBeGreaterThanOrEqual(3);
      expect(handed[0]).toBe('k-1');
      expect(handed.indexOf('k-3')).toBeGreaterThan(handed.lastIndexOf('k-1'));
    }, 90_000);

    test('what was acknowledged does not come again after closing; what was not, does', async () => {
      const bus = await buses.ready();
      const seen: string[] = [];
      let refused = 0;
      const subscription = await bus.subscribe('chain', 'g', async (batch) => {
        if (batch.some((each) => idOf(each) === 'k-2')) {
          refused += 1;
          throw new Error('cannot');
        }
        seen.push(...batch.map(idOf));
      });
      await bus.publish('chain', [message('k', 1)]);
      await until('the first message', () => seen.length === 1);
      await bus.publish('chain', [message('k', 2)]);
      await until('a refusal', () => refused > 0);
      await subscription.close();

      const again: string[] = [];
      await bus.subscribe('chain', 'g', async (batch) => void again.push(...batch.map(idOf)));
      await until('the unacknowledged message', () => again.length > 0);
      // Whatever else would come is behind this one.
      await bus.publish('chain', [message('k', 3)]);
      await until('the third message', () => again.includes('k-3'));
      expect(seen).toEqual(['k-1']);
      expect(again[0]).toBe('k-2');
      expect(again).not.toContain('k-1');
    }, 90_000);

    test('closing waits for the handler at work', async () => {
      const bus = await buses.ready();
      let started = false;
      let finished = false;
      const subscription = await bus.subscribe('chain', 'g', async () => {
        started = true;
        await delay(700);
        finished = true;
      });
      await bus.publish('chain', [message('k', 1)]);
      await until('the handler', () => started);
      await subscription.close();
      expect(finished).toBe(true);
    }, 60_000);

    test('messages of one key are never at work side by side, whatever waits behind them', async () => {
      const bus = await buses.ready();
      const atWork = new Map<string, number>();
      let sideBySide = 0;
      let taken = 0;
      await bus.subscribe('changes', 'g', async (batch) => {
        const keys = new Set(batch.map(({ orderingKey }) => orderingKey));
        for (const key of keys) {
          const before = atWork.get(key) ?? 0;
          if (before > 0) sideBySide += 1;
          atWork.set(key, before + 1);
        }
        await delay(5);
        for (const key of keys) atWork.set(key, atWork.get(key)! - 1);
        taken += batch.length;
      });
      await bus.publish(
        'changes',
        Array.from({ length: 1_000 }, (_, n) => message(`key-${n % 200}`, n)),
      );
      await until('all messages', () => taken >= 1_000);
      expect(sideBySide).toBe(0);
    }, 90_000);

    test('a member that is killed between taking a message and its work loses nothing: another one gets it', async () => {
      const env = buses.env();
      const bus = await buses.ready(env);
      // The group exists before the message does.
      await (await bus.subscribe('chain', 'g', async () => {})).close();
      await bus.publish('chain', [message('k', 1)]);
      const child = await workerThatNeverEnds(env);
      child.kill('SIGKILL');
      const seen: string[] = [];
      await bus.subscribe('chain', 'g', async (batch) => void seen.push(...batch.map(idOf)));
      await until('the batch of the killed member', () => seen.length > 0);
      expect(seen).toEqual(['k-1']);
    }, 90_000);

    test('a message as large as the bus takes is carried whole', async () => {
      const bus = await buses.ready();
      const received: ReceivedMessage[] = [];
      await bus.subscribe('changes', 'g', async (batch) => void received.push(...batch));
      const large = { ...message('k', 1), data: Buffer.alloc(MESSAGE_LIMITS.bytes - 1_000, 'x') };
      await bus.publish('changes', [message('k', 0), large, message('k', 2)]);
      await until('all three', () => received.length === 3);
      expect(received.map(idOf)).toEqual(['k-0', 'k-1', 'k-2']);
      expect(received[1]!.data.equals(large.data)).toBe(true);
    }, 90_000);

    const attributes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, 'x']));
    test.each([
      ['data and attributes too large', 'BUS_MESSAGE_TOO_LARGE', { data: Buffer.alloc(MESSAGE_LIMITS.bytes) }],
      ['an attribute too long', 'BUS_ATTRIBUTES_INVALID', { attributes: { subject: 'é'.repeat(513) } }],
      ["an attribute's name too long", 'BUS_ATTRIBUTES_INVALID', { attributes: { ['n'.repeat(254)]: 'x' } }],
      ['too many attributes', 'BUS_ATTRIBUTES_INVALID', { attributes: attributes(100) }],
      ['an ordering key too long', 'BUS_ATTRIBUTES_INVALID', { orderingKey: 'é'.repeat(513) }],
      ['neither data nor attributes', 'BUS_ATTRIBUTES_INVALID', { data: Buffer.alloc(0), attributes: {} }],
    ])(
      'a message that no bus takes (%s) is an error of the user, and none of its call is published',
      async (_what, code, wrong) => {
        const bus = await buses.ready();
        const seen: string[] = [];
        await bus.subscribe('chain', 'g', async (batch) => void seen.push(...batch.map(idOf)));
        await expect(bus.publish('chain', [message('k', 1), { ...message('k', 2), ...wrong }])).rejects.toMatchObject({
          ...{ code, class: 'user' },
        });
        await bus.publish('chain', [message('k', 3)]);
        await until('the next message', () => seen.length > 0);
        expect(seen).toEqual(['k-3']);
      },
      60_000,
    );

    test('messages just below every limit are carried', async () => {
      const bus = await buses.ready();
      const seen: ReceivedMessage[] = [];
      await bus.subscribe('chain', 'g', async (batch) => void seen.push(...batch));
      const long = { id: 'long', subject: 'é'.repeat(512), ['n'.repeat(253)]: 'x' };
      const sent = [
        { ...message('k', 1), orderingKey: 'é'.repeat(512), attributes: long },
        { ...message('k', 2), attributes: { ...attributes(98), id: 'many' } },
      ];
      await bus.publish('chain', sent);
      await until('both', () => seen.length >= 2);
      const found = (id: string) => seen.find((each) => idOf(each) === id)!;
      expect(found('long')).toMatchObject({ orderingKey: 'é'.repeat(512), attributes: long });
      expect(Object.keys(found('many').attributes)).toHaveLength(99);
    }, 60_000);

    test('a topic that was never created is an error of the user', async () => {
      const unmade = buses.opened(buses.env());
      const missing = { code: 'BUS_TOPIC_MISSING', class: 'user' };
      await expect(unmade.publish('chain', [message('k', 1)])).rejects.toMatchObject(missing);
      await expect(unmade.subscribe('chain', 'g', async () => {})).rejects.toMatchObject(missing);
    }, 90_000);

    test('while the bus is away publishing fails as transient', async () => {
      const bus = buses.opened({ ...environment(), ...away });
      const unavailable = { code: 'BUS_UNAVAILABLE', class: 'transient' };
      await expect(bus.publish('chain', [message('k', 1)])).rejects.toMatchObject(unavailable);
    }, 120_000);
  });
}
