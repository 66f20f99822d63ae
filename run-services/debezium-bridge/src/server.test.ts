import { afterEach, describe, expect, test } from '@jest/globals';
import type { Bus, BusMessage, Topic } from '@tributary/platform/bus';
import type { Contracts } from '@tributary/platform/contracts';
import { ErasedSubjects } from '@tributary/platform/erasures';
import { TransientError, UserError } from '@tributary/platform/errors';
import { parseChainEvent } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import { erasureIds } from '@tributary/platform/pii';
import type { FastifyInstance } from 'fastify';
import { CONTRACTS, envelope, KEYS, PLANTED_EMAIL, THING, THINGS } from './fixtures.ts';
import { BatchPublisher } from './publisher.ts';
import { createBridgeServer } from './server.ts';
import { Translator } from './translate.ts';

/** A bus in memory whose acknowledgement the test controls. */
class FakeBus implements Bus {
  readonly published: { topic: Topic; message: BusMessage }[] = [];
  acknowledge: () => Promise<void> = async () => {};

  async publish(topic: Topic, messages: readonly BusMessage[]): Promise<void> {
    await this.acknowledge();
    this.published.push(...messages.map((message) => ({ topic, message })));
  }

  subscribe(): never {
    throw new Error('the bridge does not subscribe');
  }

  async close(): Promise<void> {}
}

let server: FastifyInstance;
afterEach(() => server.close());

function bridge(
  now = () => 0,
  contracts = () => CONTRACTS,
  erasures: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
) {
  const erased = async () => new ErasedSubjects(erasures, contracts(), KEYS);
  const bus = new FakeBus();
  const lines: string[] = [];
  const log = createLogger('bridge', { destination: { write: (line) => lines.push(line) }, level: 'info' });
  const publisher = new BatchPublisher({ translator: () => translatorOf(contracts()), keys: KEYS, erased, bus, log });
  server = createBridgeServer({ publisher, log, now });
  const post = (payload: string | object[]) =>
    server.inject({
      method: 'POST',
      url: '/batches',
      headers: { 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
  return { bus, lines, post };
}

const translators = new Map<Contracts, Translator>();
function translatorOf(contracts: Contracts): Translator {
  const translator = translators.get(contracts) ?? new Translator(contracts, KEYS);
  translators.set(contracts, translator);
  return translator;
}

const bad = envelope('c', { after: { ...THING, kind: PLANTED_EMAIL } });

describe('POST /batches', () => {
  test('publishes changes and dead letters, and counts what it ignores', async () => {
    const { bus, post } = bridge();
    const response = await post([envelope('c', { after: THING }), { ts_ms: 1 }, bad]);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({ changes: 1, dead_letters: 1, ignored: 1 });
    expect(bus.published.map(({ topic, message }) => [topic, message.attributes.subject])).toEqual([
      ['changes', 'things'],
      ['dead-letter', 'things'],
    ]);
    expect(bus.published[0]!.message).toMatchObject({
      orderingKey: 'things:{"shelf":"A","thing_id":7}',
      attributes: { specversion: '1.0', type: 'dev.tributary.change.v1', source: '//tributary/app' },
    });
  });

  test('lets nothing of somebody who was erased on to the bus, not even as a dead letter', async () => {
    const owned = {
      ...THINGS,
      fields: THINGS.fields.map((it) => (it.name === 'big' ? { ...it, subject: 'owner' } : it)),
    };
    const contracts: Contracts = new Map([[owned.stream, owned]]);
    const { bus, lines, post } = bridge(
      () => 0,
      () => contracts,
      new Map([['owner', new Set(erasureIds('owner', '5', KEYS))]]),
    );
    const theirs = [
      envelope('c', { after: THING }),
      envelope('d', { before: THING }),
      envelope('c', { after: { ...THING, kind: 'unheard of' } }),
    ];
    const response = await post([...theirs, envelope('c', { after: { ...THING, big: 6 } })]);
    expect(response.json()).toEqual({ changes: 1, dead_letters: 0, ignored: 3 });
    expect(bus.published.map(({ message }) => JSON.parse(message.data.toString()).after.big)).toEqual([6]);
    expect(lines.join()).toContain('"changes":3');
  });

  test('takes envelopes with their schema as it does those without', async () => {
    const { bus, post } = bridge();
    const bare = envelope('c', { after: THING });
    const wrapped = (payload: object | null) => ({ schema: payload && { type: 'struct', optional: false }, payload });
    const response = await post([bare, wrapped(bare), wrapped({ ts_ms: 1 }), wrapped(null)]);
    expect(response.json()).toEqual({ changes: 2, dead_letters: 0, ignored: 2 });
    const [first, second] = bus.published.map(({ message: { orderingKey, data } }) => [orderingKey, data.toString()]);
    expect(second).toEqual(first);
  });

  test('answers only after the bus has acknowledged', async () => {
    const { bus, post } = bridge();
    let acknowledge: () => void = () => {};
    bus.acknowledge = () => new Promise((resolve) => (acknowledge = resolve));
    let answered = false;
    const response = post([envelope('c', { after: THING })]).then((answer) => {
      answered = true;
      return answer;
    });
    while (acknowledge.name === 'acknowledge') await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    acknowledge();
    expect((await response).statusCode).toBe(200);
  });

  test('publishes the changes of a key in the order they came', async () => {
    const { bus, post } = bridge();
    await post([1, 2, 3].map((lsn) => envelope('u', { after: THING }, { lsn })));
    expect(bus.published.map(({ message }) => JSON.parse(message.data.toString()).source.lsn)).toEqual(['1', '2', '3']);
  });

  test('asks for the batch again while the bus is away', async () => {
    const { bus, post } = bridge();
    bus.acknowledge = async () => {
      throw new TransientError('BUS_UNAVAILABLE', 'the broker is away');
    };
    const response = await post([envelope('c', { after: THING })]);
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('1');
    expect(response.json()).toEqual({ code: 'BUS_UNAVAILABLE', message: 'the broker is away' });
  });

  test('does not refuse a batch because the set-up is wrong', async () => {
    const { bus, post } = bridge();
    bus.acknowledge = async () => {
      throw new UserError('BUS_TOPIC_MISSING', 'create the topic');
    };
    expect((await post([envelope('c', { after: THING })])).statusCode).toBe(500);
  });

  test.each(['', 'not json', '{}'])('refuses what is no batch: %j', async (payload) => {
    const { post } = bridge();
    const response = await post(payload);
    expect(response.statusCode).toBe(400);
    expect(response.json().code).toBe('BATCH_UNREADABLE');
  });

  test('takes batches from the same machine only', async () => {
    const { bus } = bridge();
    const request = {
      method: 'POST',
      url: '/batches',
      payload: JSON.stringify([envelope('c', { after: THING })]),
    } as const;
    for (const [remoteAddress, status] of [
      ['10.1.2.3', 403],
      ['169.254.1.1', 403],
      ['::ffff:127.0.0.1', 200],
      ['::1', 200],
    ] as const) {
      expect(
        (await server.inject({ ...request, headers: { 'content-type': 'application/json' }, remoteAddress }))
          .statusCode,
      ).toBe(status);
    }
    expect(bus.published).toHaveLength(2);
  });

  test('puts nothing personal in clear into messages, answers or logs', async () => {
    const { bus, lines, post } = bridge();
    const answers = [
      await post([
        envelope('c', { after: { ...THING, nickname: PLANTED_EMAIL } }),
        bad,
        envelope('d', { before: THING }),
        { hello: PLANTED_EMAIL },
      ]),
      await post(PLANTED_EMAIL),
    ];
    const everything = [
      ...answers.map((answer) => answer.body),
      ...lines,
      ...bus.published.flatMap(({ message }) => [
        message.orderingKey,
        JSON.stringify(message.attributes),
        message.data.toString(),
      ]),
    ].join('\n');
    // Two changes, two dead letters, and that a column is unknown.
    expect(bus.published).toHaveLength(5);
    expect(everything).not.toContain('email_of_the_test');
    expect(everything).not.toContain('Planted Street');
  });

  test('tells people once of columns that no contract knows, of all of a batch in one incident', async () => {
    const { bus, lines, post } = bridge();
    const value = envelope('c', { after: { ...THING, nickname: 'x', colour: 'y' } });
    await post([value, value]);
    await post([value]);
    expect(lines.filter((line) => line.includes('things.nickname'))).toHaveLength(1);
    const incidents = bus.published.filter(({ topic }) => topic === 'chain');
    expect(incidents).toHaveLength(1);
    expect(parseChainEvent(incidents[0]!.message.data)).toMatchObject({
      type: 'incident.raised',
      streams: ['things'],
      counts: { columns: 2 },
      detail: { columns: 'things.colour, things.nickname' },
      error: { code: 'UNKNOWN_COLUMN' },
    });
    expect((await server.inject('/readyz')).json().unknown_columns).toEqual(['things.colour', 'things.nickname']);
  });

  test('a report that fails holds up no change, and is made with the next row', async () => {
    const { bus, post } = bridge();
    const publish = bus.publish.bind(bus);
    bus.publish = async (topic, messages) => {
      if (topic === 'chain') throw new TransientError('BUS_UNAVAILABLE', 'the broker is away');
      return publish(topic, messages);
    };
    const value = envelope('c', { after: { ...THING, nickname: 'x' } });
    expect((await post([value])).statusCode).toBe(200);
    bus.publish = publish;
    await post([value]);
    expect(bus.published.map(({ topic }) => topic)).toEqual(['changes', 'chain', 'changes']);
  });

  test('a column that a changed contract knows is carried from the next batch on', async () => {
    let contracts: Contracts = CONTRACTS;
    const { bus, post } = bridge(
      () => 0,
      () => contracts,
    );
    const value = envelope('c', { after: { ...THING, nickname: 'x' } });
    await post([value]);
    const nickname = { name: 'nickname', type: 'STRING', required: false, pii: 'none', description: 'n' } as const;
    contracts = new Map([['things', { ...THINGS, version: '2.2.0', fields: [...THINGS.fields, nickname] }]]);
    await post([value]);
    const events = bus.published
      .filter(({ topic }) => topic === 'changes')
      .map(({ message }) => JSON.parse(message.data.toString()));
    expect(
      events.map(({ contract_version: version, after, unknown }) => [version, after.nickname, typeof unknown]),
    ).toEqual([
      ['2.1.0', undefined, 'string'],
      ['2.2.0', 'x', 'undefined'],
    ]);
    // The same change, whatever is known of it.
    expect(events[0].event_id).toBe(events[1].event_id);
    const told = bus.published
      .filter(({ topic }) => topic === 'chain')
      .map(({ message }) => parseChainEvent(message.data));
    const incident = 'unknown-columns:things.nickname';
    expect(told).toMatchObject([
      { type: 'incident.raised', detail: { incident, runbook: 'unknown-column' } },
      { type: 'incident.cleared', detail: { incident } },
    ]);
  });

  test('makes a dead letter of a change that no message holds, so that the rest goes on', async () => {
    const { bus, post } = bridge();
    const response = await post([
      envelope('c', { after: { ...THING, extras: JSON.stringify('x'.repeat(10_000_000)) } }),
      envelope('u', { after: THING }),
    ]);
    expect(response.json()).toMatchObject({ changes: 1, dead_letters: 1 });
    const letter = bus.published.find(({ topic }) => topic === 'dead-letter')!.message;
    expect(JSON.parse(letter.data.toString())).toMatchObject({
      reason: 'UNREPRESENTABLE',
      stream: 'things',
      message: expect.stringContaining('bytes'),
    });
  });
});

describe('GET /readyz', () => {
  test('is 503 until the engine is heard of, and again when it falls silent', async () => {
    let now = 1_000;
    const { post } = bridge(() => now);
    const ready = async () => (await server.inject('/readyz')).statusCode;
    expect(await ready()).toBe(503);
    await post([{ ts_ms: 1 }]);
    expect(await ready()).toBe(200);
    now += 61_000;
    expect(await ready()).toBe(503);
    expect((await server.inject('/healthz')).statusCode).toBe(200);
  });
});
