import { describe, expect, test } from '@jest/globals';
import { readBatch, type Translation, Translator } from '@tributary/debezium-bridge';
import { type ChangeEvent, changeMessage, deadLetterId, featureMessage } from '@tributary/platform/events';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { seal, tokenize } from '@tributary/platform/pii';
import { contractsAllowing, envelopeOf, KEYS, LAKE, LANDING, portsOf, store } from './fixtures.ts';
import { replay } from './replay.ts';

const EMAIL = 'planted@example.com';
const BEFORE = contractsAllowing('good');
const AFTER = contractsAllowing('good', 'new');

/** What the bridge makes of a row of this kind under these contracts. */
function translated(kind: string, contracts = BEFORE, id = 1): Translation {
  const element = readBatch(`[${envelopeOf(id, kind, EMAIL)}]`)[0]!;
  return new Translator(contracts, KEYS).translate(element, '2026-11-21T05:53:39.000000Z');
}

function eventOf(kind: string): ChangeEvent {
  const translation = translated(kind, AFTER);
  if (translation.kind !== 'change') throw new Error('expected a change');
  return translation.event;
}

/** A letter of the bridge in the lake, as it comes about. */
async function refusedByBridge(lake: MemoryLake, kind: string, id = 1): Promise<string> {
  const translation = translated(kind, BEFORE, id);
  if (translation.kind !== 'dead-letter') throw new Error('expected a dead letter');
  const { payload: _payload, sealed: _sealed, ...input } = translation.letter;
  return store({ lake }, { ...input, original: envelopeOf(id, kind, EMAIL) });
}

function refusedByPipeline(lake: MemoryLake, event: ChangeEvent, attempt?: number): Promise<string> {
  return store(
    { lake },
    {
      eventId: event.event_id,
      stream: 'things',
      stage: 'pipeline',
      reason: 'CONTRACT_VIOLATION',
      message: 'kind is none of the values allowed',
      field: 'kind',
      source: event.source,
      attempt,
      original: JSON.stringify(event),
    },
  );
}

const names = async (lake: MemoryLake, prefix: string, bucket = LAKE): Promise<string[]> => {
  const found: string[] = [];
  for await (const { name } of lake.list(bucket, prefix)) found.push(name);
  return found;
};

describe('a letter of the bridge', () => {
  test('becomes the event it would have been, its personal values replaced', async () => {
    const lake = new MemoryLake();
    const name = await refusedByBridge(lake, 'new');
    const ports = portsOf(AFTER, lake);
    const report = await replay({ stream: 'things' }, ports);
    expect(report.outcomes).toEqual([{ name, stage: 'bridge', reason: 'CONTRACT_VIOLATION', state: 'replayed' }]);
    expect(ports.published).toHaveLength(1);
    const [message] = ports.published;
    const event = JSON.parse(message!.data.toString()) as ChangeEvent;
    expect(message).toMatchObject({ topic: 'changes', orderingKey: 'things:{"thing_id":1}' });
    expect(message!.attributes).toMatchObject({ id: event.event_id, type: 'dev.tributary.change.v1' });
    // It was never on the bus, so it is no second reading.
    expect(message!.attributes).not.toHaveProperty('replay');
    expect(event).toMatchObject({
      op: 'c',
      after: { kind: 'new', email: tokenize(EMAIL, KEYS) },
      contract_version: '1.2.0',
    });
    expect(event.event_id).toBe(eventOf('new').event_id);
    expect(message!.data.toString()).not.toContain(EMAIL);
  });

  test('that is refused still stays open, is not sent, and says why', async () => {
    const lake = new MemoryLake();
    await refusedByBridge(lake, 'new');
    const ports = portsOf(BEFORE, lake);
    const { outcomes } = await replay({ stream: 'things' }, ports);
    expect(outcomes).toMatchObject([{ state: 'refused', why: expect.stringContaining('kind breaks its contract') }]);
    expect(ports.published).toEqual([]);
    expect(await names(lake, 'dead-letter/')).toHaveLength(1);
  });

  test('that carries no row cannot be replayed', async () => {
    const lake = new MemoryLake();
    const source = { table: 'things' };
    const input = { eventId: null, stream: 'things', reason: 'UNREPRESENTABLE', message: 'too large', source } as const;
    await store({ lake }, { ...input, stage: 'bridge', original: '{"key":{"thing_id":1},"op":"c"}' });
    const { outcomes } = await replay({ stream: 'things' }, portsOf(AFTER, lake));
    expect(outcomes).toMatchObject([{ state: 'final', why: expect.stringContaining('touch it in the database') }]);
  });
});

describe('a letter of the pipeline', () => {
  test('is published as it was, and says which attempt was the last', async () => {
    const lake = new MemoryLake();
    const event = eventOf('new');
    await refusedByPipeline(lake, event);
    const ports = portsOf(AFTER, lake);
    await replay({ stream: 'things' }, ports);
    const first = changeMessage(event, ['thing_id']);
    expect(ports.published).toEqual([
      {
        topic: 'changes',
        orderingKey: first.orderingKey,
        attributes: {
          ...first.attributes,
          id: `${event.event_id}.1`,
          traceparent: expect.any(String),
          replay: '1',
        },
        data: first.data,
      },
    ]);
  });

  test('that was refused again is a letter of its own, which is open and counts on', async () => {
    const lake = new MemoryLake();
    const event = eventOf('new');
    await refusedByPipeline(lake, event);
    await replay({ stream: 'things' }, portsOf(AFTER, lake));
    const again = await refusedByPipeline(lake, event, 2);
    const ports = portsOf(AFTER, lake);
    const report = await replay({ stream: 'things' }, ports);
    expect(report.outcomes.map(({ name }) => name)).toEqual([again]);
    expect(report.earlier).toEqual({ pipeline: 1 });
    expect(ports.published.map(({ attributes }) => attributes.replay)).toEqual(['2']);
    expect(ports.published.map(({ attributes }) => attributes.id)).toEqual([`${event.event_id}.2`]);
  });

  test('that the contracts at hand refuse is not sent', async () => {
    const lake = new MemoryLake();
    await refusedByPipeline(lake, eventOf('new'));
    const ports = portsOf(BEFORE, lake);
    const { outcomes } = await replay({ stream: 'things' }, ports);
    expect(outcomes).toMatchObject([
      { state: 'refused', why: 'kind is "new"; expected STRING, one of good, not null.' },
    ]);
    expect(ports.published).toEqual([]);
  });

  test('of another producer is published as it was, with its key; one that has no position stays', async () => {
    const lake = new MemoryLake();
    const original = envelopeOf(1, 'new', EMAIL);
    const key = '{"thing_id":1}';
    const source = { schema: 'shop', table: 'things', lsn: '101', messagekey: seal(Buffer.from(key), KEYS) };
    const letter = { stream: 'things', stage: 'pipeline', reason: 'CONTRACT_VIOLATION', message: 'no' } as const;
    await store({ lake }, { ...letter, eventId: 'b'.repeat(32), source, original });
    await store(
      { lake },
      { ...letter, eventId: null, source: { topic: 'x', partition: 0, offset: 1 }, original: 'abc' },
    );
    const ports = portsOf(AFTER, lake);
    const { outcomes } = await replay({ stream: 'things' }, ports);
    expect(outcomes.map(({ state }) => state).sort()).toEqual(['refused', 'replayed']);
    expect(ports.published).toEqual([
      { topic: 'changes', orderingKey: key, attributes: { replay: '1' }, data: Buffer.from(original) },
    ]);
    const unknown = await replay({ stream: '_unknown' }, portsOf(AFTER, lake));
    expect(unknown.outcomes).toEqual([]);
  });

  test('of a row that only came late is left alone: its row is in the files', async () => {
    const lake = new MemoryLake();
    const event = eventOf('new');
    const input = {
      eventId: event.event_id,
      stream: 'things',
      stage: 'pipeline',
      message: 'late',
      source: null,
    } as const;
    await store({ lake }, { ...input, reason: 'LATE', original: JSON.stringify(event) });
    const ports = portsOf(AFTER, lake);
    expect((await replay({ stream: 'things' }, ports)).outcomes).toMatchObject([{ state: 'final' }]);
    expect(ports.published).toEqual([]);
  });

  test('a refusal that comes within the wait is told', async () => {
    const lake = new MemoryLake();
    const event = eventOf('new');
    const name = await refusedByPipeline(lake, event);
    const ports = portsOf(AFTER, lake);
    const publish = ports.bus.publish;
    const now = Date.parse('2026-11-21T10:00:00Z');
    const refusing = {
      ...ports,
      bus: {
        ...ports.bus,
        publish: async (...args: Parameters<typeof publish>) => {
          await publish(...args);
          const id = deadLetterId({
            stage: 'pipeline',
            eventId: event.event_id,
            source: null,
            payload: '',
            attempt: 2,
          });
          const letter = JSON.parse((await lake.read(LAKE, name))!.body.toString());
          await lake.write(
            LAKE,
            `dead-letter/things/pipeline/dt=2026-11-21/${id}.json`,
            JSON.stringify({ ...letter, dead_letter_id: id, attempt: 2, message: 'kind is still unknown here' }),
          );
        },
      },
      now: () => now,
    };
    const { outcomes } = await replay({ stream: 'things', waitMs: 50 }, refusing);
    expect(outcomes).toMatchObject([{ name, state: 'refused', why: 'kind is still unknown here' }]);
  });
});

describe('a replay', () => {
  test('that is repeated sends and writes nothing', async () => {
    const lake = new MemoryLake();
    await refusedByBridge(lake, 'new');
    await refusedByPipeline(lake, eventOf('new'));
    await replay({ stream: 'things' }, portsOf(AFTER, lake));
    const before = await names(lake, '');
    const ports = portsOf(AFTER, lake);
    expect(await replay({ stream: 'things' }, ports)).toEqual({ outcomes: [], earlier: { bridge: 1, pipeline: 1 } });
    expect(ports.published).toEqual([]);
    expect(await names(lake, '')).toEqual(before);
  });

  test('that dies before it has marked a letter sends the same again, under the same id', async () => {
    const lake = new MemoryLake();
    await refusedByPipeline(lake, eventOf('new'));
    const dying = portsOf(
      AFTER,
      lake.seenThrough((moment, operation) => {
        if (moment === 'before' && operation === 'write') throw new Error('killed');
      }),
    );
    await expect(replay({ stream: 'things' }, dying)).rejects.toThrow('killed');
    const ports = portsOf(AFTER, lake);
    await replay({ stream: 'things' }, ports);
    expect(ports.published).toMatchObject(
      dying.published.map(({ data, attributes: { id, replay } }) => ({ data, attributes: { id, replay } })),
    );
  });

  test('that is a trial sends and marks nothing, and says the same', async () => {
    const lake = new MemoryLake();
    await refusedByBridge(lake, 'new');
    const before = await names(lake, '');
    const ports = portsOf(AFTER, lake);
    const trial = await replay({ stream: 'things', dryRun: true }, ports);
    expect(ports.published).toEqual([]);
    expect(await names(lake, '')).toEqual(before);
    expect(trial).toEqual(await replay({ stream: 'things' }, ports));
  });

  test('takes only letters of the stage, the reason and the time asked for', async () => {
    const lake = new MemoryLake();
    await refusedByBridge(lake, 'new');
    await refusedByPipeline(lake, eventOf('new'));
    const found = async (selection: object): Promise<string[]> =>
      (await replay({ stream: 'things', dryRun: true, ...selection }, portsOf(AFTER, lake))).outcomes.map(
        ({ stage }) => stage,
      );
    expect(await found({})).toEqual(['bridge', 'pipeline']);
    expect(await found({ stage: 'bridge' })).toEqual(['bridge']);
    expect(await found({ reason: 'CONTRACT_VIOLATION' })).toEqual(['bridge', 'pipeline']);
    expect(await found({ reason: 'UNREADABLE' })).toEqual([]);
    expect(await found({ since: new Date('2026-11-21T00:00:00Z') })).toEqual(['bridge', 'pipeline']);
    expect(await found({ since: new Date('2026-11-21T06:00:00Z') })).toEqual([]);
    expect(await found({ since: new Date('2026-11-23T00:00:00Z') })).toEqual([]);
  });

  test('of one letter that cannot be opened goes on with the others', async () => {
    const lake = new MemoryLake();
    await refusedByBridge(lake, 'new', 1);
    const broken = await refusedByBridge(lake, 'new', 2);
    const letter = JSON.parse((await lake.read(LAKE, broken))!.body.toString());
    await lake.write(
      LAKE,
      broken,
      JSON.stringify({ ...letter, payload: Buffer.from('seal_v2_AAAA').toString('base64') }),
    );
    const { outcomes } = await replay({ stream: 'things' }, portsOf(AFTER, lake));
    expect(outcomes.map(({ state }) => state).sort()).toEqual(['refused', 'replayed']);
    expect(outcomes.find(({ state }) => state === 'refused')).toMatchObject({
      name: broken,
      why: expect.stringContaining('key v2, which the key file does not have'),
    });
  });

  test('of a stream that no contract declares is refused', async () => {
    await expect(replay({ stream: 'thing' }, portsOf(AFTER))).rejects.toMatchObject({
      code: 'STREAM_UNKNOWN',
      message: expect.stringContaining('there are things, and _unknown'),
    });
  });

  test('of what no contract knew goes to the stream that knows it by now', async () => {
    const lake = new MemoryLake();
    const translation = translated('good', new Map());
    if (translation.kind !== 'dead-letter') throw new Error('expected a dead letter');
    const { payload: _payload, sealed: _sealed, ...input } = translation.letter;
    await store({ lake }, { ...input, original: envelopeOf(1, 'good', EMAIL) });
    const ports = portsOf(AFTER, lake);
    await replay({ stream: '_unknown' }, ports);
    expect(ports.published.map(({ attributes }) => attributes.subject)).toEqual(['things']);
  });

  test('of a line of a batch file is not possible, and the remedy is said', async () => {
    const lake = new MemoryLake();
    const source = { uri: 's3://landing/landing/things/a.csv', generation: 1, line: 12 };
    const input = {
      eventId: null,
      stream: 'things',
      stage: 'landing',
      reason: 'BAD_LINE',
      message: 'bad',
      source,
    } as const;
    await store({ lake }, { ...input, original: '1,good' });
    const { outcomes } = await replay({ stream: 'things' }, portsOf(AFTER, lake));
    expect(outcomes).toMatchObject([
      { state: 'final', why: expect.stringContaining('line 12 of s3://landing/landing/things/a.csv') },
    ]);
  });

  test('of a feature row publishes it for the online store', async () => {
    const lake = new MemoryLake();
    const row = {
      view: 'customer_activity',
      entity: { customer_id: 7 },
      event_time: '2026-11-21T05:00:00.000000Z',
      event_timestamp: '2026-11-21T05:00:00.000001Z',
      latest: true,
      features: { events_5m: 1 },
      event_id: 'a'.repeat(32),
      emitted_at: '2026-11-21T05:00:01Z',
    };
    const input = {
      eventId: null,
      stream: '_unknown',
      stage: 'load',
      reason: 'CONTRACT_VIOLATION',
      message: 'no',
    } as const;
    await store({ lake }, { ...input, source: { topic: 'features', id: 'x' }, original: JSON.stringify(row) });
    const ports = portsOf(AFTER, lake);
    await replay({ stream: '_unknown', stage: 'load' }, ports);
    const { orderingKey, data } = featureMessage(row);
    expect(ports.published).toMatchObject([{ topic: 'features', orderingKey, data, attributes: { replay: '1' } }]);
  });
});

describe('what is in quarantine', () => {
  const parquet = 'quarantine/things/dt=2026-11-21/hr=05/part-a.parquet';
  const reason = {
    object: 'gs://lake/x',
    stage: 'load',
    code: 'WAREHOUSE_REJECTED',
    message: 'no column',
    time: '2026-11-21T05:00:00Z',
  };

  test('goes back under its old name, and nothing of it stays', async () => {
    const lake = new MemoryLake();
    await lake.write(LAKE, parquet, 'PAR1');
    await lake.write(LAKE, `${parquet}.reason.json`, JSON.stringify(reason));
    const { outcomes } = await replay({ stream: 'things', stage: 'load' }, portsOf(AFTER, lake));
    expect(outcomes).toEqual([{ name: parquet, stage: 'load', reason: 'WAREHOUSE_REJECTED', state: 'replayed' }]);
    expect(await names(lake, '')).toEqual(['processed/things/dt=2026-11-21/hr=05/part-a.parquet']);
    expect(await replay({ stream: 'things' }, portsOf(AFTER, lake))).toEqual({ outcomes: [], earlier: {} });
  });

  test('a crash before it is removed puts it back once more, unchanged', async () => {
    const lake = new MemoryLake();
    await lake.write(LAKE, parquet, 'PAR1');
    await lake.write(LAKE, `${parquet}.reason.json`, JSON.stringify(reason));
    const dying = lake.seenThrough((moment, operation) => {
      if (moment === 'before' && operation === 'remove') throw new Error('killed');
    });
    await expect(replay({ stream: 'things' }, portsOf(AFTER, dying))).rejects.toThrow('killed');
    const [before] = await Promise.all([lake.read(LAKE, 'processed/things/dt=2026-11-21/hr=05/part-a.parquet')]);
    await replay({ stream: 'things' }, portsOf(AFTER, lake));
    const after = await lake.read(LAKE, 'processed/things/dt=2026-11-21/hr=05/part-a.parquet');
    expect(after!.object.generation).toBe(before!.object.generation);
    expect(await names(lake, 'quarantine/')).toEqual([]);
  });

  test('a dropped file is unsealed into the landing bucket, unless another one of its name waits there', async () => {
    const lake = new MemoryLake();
    const sealed = 'quarantine/things/a.csv.17.sealed';
    const why = { object: `${LANDING}/landing/things/a.csv#17`, stage: 'landing', code: 'GATE_FAILED', message: 'bad' };
    await lake.write(LAKE, sealed, `${seal(Buffer.from('thing_id\n'), KEYS)}\n${seal(Buffer.from('1\n'), KEYS)}\n`);
    await lake.write(LAKE, `${sealed}.reason.json`, JSON.stringify(why));
    await lake.write(LANDING, 'landing/things/a.csv', 'newer');
    const stays = await replay({ stream: 'things', reason: 'GATE_FAILED' }, portsOf(AFTER, lake));
    expect(stays.outcomes).toMatchObject([{ state: 'refused', why: expect.stringContaining('other content') }]);
    await lake.remove(LANDING, 'landing/things/a.csv');
    await replay({ stream: 'things' }, portsOf(AFTER, lake));
    expect((await lake.read(LANDING, 'landing/things/a.csv'))!.body.toString()).toBe('thing_id\n1\n');
    expect(await names(lake, 'quarantine/')).toEqual([]);
  });
});
