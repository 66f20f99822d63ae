import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  attemptOf,
  type ChangeEvent,
  type ChangePosition,
  canonicalJson,
  canonicalKey,
  chainEvent,
  chainMessage,
  changeMessage,
  childTraceparent,
  createTraceparent,
  deadLetter,
  deadLetterMessage,
  eventId,
  featureMessage,
  orderingKey,
  parseChainEvent,
  parseChangeEvent,
  parseDeadLetter,
  parseFeatureRow,
  REPLAY_ATTRIBUTE,
} from './index.ts';

const POSITION: ChangePosition = {
  server: 'app',
  schema: 'shop',
  table: 'orders',
  lsn: '26739136',
  canonicalKey: '{"order_id":"536365"}',
  op: 'u',
};

const CHANGE: ChangeEvent = {
  event_id: eventId(POSITION),
  stream: 'orders',
  op: 'u',
  key: { order_id: '536365' },
  before: null,
  after: { order_id: '536365', status: 'shipped' },
  source: { db: 'app', schema: 'shop', table: 'orders', lsn: '26739136', tx: '761', ts: '2026-11-21T05:20:02.123456Z' },
  ingested_at: '2026-11-21T05:20:02.456000Z',
  contract_version: '1.0.0',
};

describe('event identity', () => {
  test('an event id is the digest docs/interfaces.md defines', () => {
    const text = 'app|shop.orders|26739136|{"order_id":"536365"}|u';
    expect(eventId(POSITION)).toBe(createHash('sha256').update(text).digest('hex').slice(0, 32));
  });

  test('every part of the position tells events apart', () => {
    const others = [
      { ...POSITION, server: 'b' },
      { ...POSITION, schema: 'b' },
      { ...POSITION, table: 'b' },
      { ...POSITION, lsn: '1' },
      { ...POSITION, canonicalKey: '{}' },
      { ...POSITION, op: 'd' as const },
    ];
    expect(new Set([POSITION, ...others].map(eventId)).size).toBe(7);
  });

  test('a key is written in primary-key order whatever order it came in', () => {
    expect(canonicalKey({ b: 'ü"', a: 1, extra: true }, ['a', 'b'])).toBe('{"a":1,"b":"ü\\""}');
    expect(canonicalKey({ a: 1, b: 'ü"' }, ['a', 'b'])).toBe('{"a":1,"b":"ü\\""}');
    expect(canonicalKey(null, ['a'])).toBe('null');
  });

  test('an ordering key is kept up to 1,024 bytes and hashed beyond, counted in bytes', () => {
    expect(orderingKey('s', 'x'.repeat(1022))).toBe(`s:${'x'.repeat(1022)}`);
    const long = `s:${'ü'.repeat(512)}`;
    expect(orderingKey('s', 'ü'.repeat(512))).toBe(createHash('sha256').update(long).digest('hex'));
  });

  test('canonical JSON does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('traceparent', () => {
  test('a child keeps its trace and has a span of its own', () => {
    const parent = createTraceparent();
    const child = childTraceparent(parent);
    expect(parent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(child.slice(0, 36)).toBe(parent.slice(0, 36));
    expect(child).not.toBe(parent);
  });

  test('a malformed parent starts a new trace', () => {
    expect(childTraceparent('nonsense')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});

describe('change events', () => {
  test('a message carries the event unaltered, with CloudEvents attributes', () => {
    const message = changeMessage(CHANGE, ['order_id']);
    expect(parseChangeEvent(message.data)).toEqual(CHANGE);
    expect(message.orderingKey).toBe('orders:{"order_id":"536365"}');
    expect(message.attributes).toMatchObject({
      specversion: '1.0',
      id: CHANGE.event_id,
      type: 'dev.tributary.change.v1',
      source: '//tributary/app',
      subject: 'orders',
      time: '2026-11-21T05:20:02.123456Z',
    });
    expect(message.attributes.traceparent).toContain(`00-${CHANGE.event_id}-`);
  });

  test.each([
    ['a delete with an after', { op: 'd' }, 'after'],
    ['an update without an after', { after: null }, 'after'],
    ['a truncate with a key', { op: 't', before: null, after: null }, 'key'],
    ['a time of milliseconds', { ingested_at: '2026-11-21T05:20:02.456Z' }, 'ingested_at'],
    ['an unknown member', { more: 1 }, 'more'],
    ['a number as LSN', { source: { ...CHANGE.source, lsn: 5 } }, 'source.lsn'],
  ])('%s is refused by the name of the field', (_name, change, field) => {
    expect(() => parseChangeEvent(JSON.stringify({ ...CHANGE, ...change }))).toThrow(field);
  });

  test('what cannot be read is refused without repeating it', () => {
    const planted = 'planted@example.com';
    for (const text of [
      `{"email": ${planted}`,
      JSON.stringify({ ...CHANGE, after: { email: [planted] } }),
      JSON.stringify(planted),
    ]) {
      expect(() => parseChangeEvent(text)).toThrow(expect.objectContaining({ code: 'EVENT_UNREADABLE' }));
      expect(() => parseChangeEvent(text)).not.toThrow(planted);
    }
  });
});

describe('dead letters', () => {
  const input = {
    eventId: null,
    stream: 'orders',
    stage: 'bridge',
    reason: 'UNREADABLE',
    message: 'not JSON',
    source: null,
    payload: Buffer.from('xyz'),
    sealed: true,
  } as const;

  test('the same refusal has the same id, whenever it happens', () => {
    const first = deadLetter({ ...input, time: new Date(1) });
    expect(deadLetter({ ...input, time: new Date(2) }).dead_letter_id).toBe(first.dead_letter_id);
    expect(deadLetter({ ...input, attempt: 1 }).dead_letter_id).toBe(first.dead_letter_id);
    expect(deadLetter({ ...input, source: { lsn: '1' } }).dead_letter_id).not.toBe(first.dead_letter_id);
    expect(deadLetter({ ...input, payload: Buffer.from('xyy') }).dead_letter_id).not.toBe(first.dead_letter_id);
    expect(deadLetter({ ...input, stage: 'pipeline' }).dead_letter_id).not.toBe(first.dead_letter_id);
  });

  test('what is refused again in a replay is a letter of its own, with the attempt told', () => {
    const again = deadLetter({ ...input, attempt: attemptOf({ [REPLAY_ATTRIBUTE]: '1' }) });
    expect(again.attempt).toBe(2);
    expect(again.dead_letter_id).not.toBe(deadLetter(input).dead_letter_id);
    expect(again.dead_letter_id).toBe(deadLetter({ ...input, attempt: 2 }).dead_letter_id);
    expect(attemptOf({})).toBe(1);
    for (const replay of ['', 'x', '-3']) expect(attemptOf({ replay })).toBe(1);
  });

  test('a known event names its dead letter, so a re-sealed payload does not make a second one', () => {
    const known = { ...input, eventId: CHANGE.event_id };
    expect(deadLetter({ ...known, payload: Buffer.from('other') }).dead_letter_id).toBe(
      deadLetter(known).dead_letter_id,
    );
  });

  test('a replay on another day is stored under the same date: that of the commit', () => {
    expect(deadLetter({ ...input, source: CHANGE.source }).time).toBe(CHANGE.source.ts);
    expect(deadLetter({ ...input, source: { ts: 'unreadable' }, time: new Date(0) }).time).toBe(
      '1970-01-01T00:00:00.000Z',
    );
  });

  test('a message carries the original bytes', () => {
    const letter = deadLetter(input);
    const read = parseDeadLetter(deadLetterMessage(letter).data);
    expect(read).toEqual(letter);
    expect(Buffer.from(read.payload, 'base64').toString()).toBe('xyz');
  });
});

describe('feature rows', () => {
  const row = {
    view: 'customer_activity',
    entity: { customer_id: 12346 },
    event_time: '2026-11-21T05:20:02.000000Z',
    event_timestamp: '2026-11-21T05:20:02.000003Z',
    latest: true,
    features: { events_5m: 1, spend_5m: '12.5' },
    event_id: CHANGE.event_id,
    emitted_at: '2026-11-21T05:20:03.000000Z',
  };

  test('rows of one entity share an ordering key and arrive unaltered', () => {
    const message = featureMessage(row);
    expect(message.orderingKey).toBe('customer_activity:12346');
    expect(parseFeatureRow(message.data)).toEqual(row);
  });

  test('two join keys are refused', () => {
    expect(() => parseFeatureRow(JSON.stringify({ ...row, entity: { a: 1, b: 2 } }))).toThrow('one join key');
  });
});

describe('chain events', () => {
  const input = {
    type: 'warehouse.loaded',
    runId: 'load-orders-7',
    streams: ['orders'],
    detail: { manifest: '7', job_id: 'j' },
  } as const;

  test('the same happening has the same id whenever it is told', () => {
    const first = chainEvent({ ...input, finishedAt: new Date(1) });
    const again = chainEvent({
      ...input,
      detail: { job_id: 'j', manifest: '7' },
      counts: { rows: 3 },
      finishedAt: new Date(2),
    });
    expect(again.event_id).toBe(first.event_id);
    expect(chainEvent({ ...input, detail: { ...input.detail, manifest: '8' } }).event_id).not.toBe(first.event_id);
    expect(chainEvent({ ...input, error: { code: 'X', message: '' } }).event_id).not.toBe(first.event_id);
  });

  test('identity replaces detail where detail differs from one telling to the next', () => {
    const tell = (failing: string[]) =>
      chainEvent({ ...input, detail: { failing }, identity: ['staging', '7'] }).event_id;
    expect(tell(['a'])).toBe(tell(['b']));
  });

  test('an event continues the trace of its cause, and an error makes it a failure', () => {
    const traceparent = createTraceparent();
    const event = chainEvent({ ...input, traceparent, error: { code: 'LOAD_FAILED', message: 'm' } });
    expect(event.traceparent.slice(0, 36)).toBe(traceparent.slice(0, 36));
    expect(event.status).toBe('failed');
  });

  test('a message carries the event unaltered under its own type', () => {
    const event = chainEvent({ ...input, startedAt: new Date(1000), finishedAt: new Date(3500) });
    expect(event.duration_ms).toBe(2500);
    expect(parseChainEvent(chainMessage(event).data)).toEqual(event);
    expect(chainMessage(event).attributes.type).toBe('dev.tributary.warehouse.loaded.v1');
  });
});
