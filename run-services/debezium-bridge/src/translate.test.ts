import { describe, expect, test } from '@jest/globals';
import { changeEventSchema, deadLetter, deadLetterSchema } from '@tributary/platform/events';
import { tokenize, unseal } from '@tributary/platform/pii';
import { CONTRACTS, element, envelope, KEYS, PLANTED_EMAIL, THING, THINGS } from './fixtures.ts';
import { type Translation, Translator } from './translate.ts';

const INGESTED_AT = '2026-11-21T05:53:39.000000Z';
const translator = new Translator(CONTRACTS, KEYS);

function translate(value: object | string): Translation {
  const result = translator.translate(element(value), INGESTED_AT);
  if (result.kind === 'change')
    expect(changeEventSchema.parse(JSON.parse(JSON.stringify(result.event)))).toEqual(result.event);
  if (result.kind === 'dead-letter') deadLetterSchema.parse(deadLetter(result.letter));
  return result;
}

function change(value: object | string) {
  const result = translate(value);
  if (result.kind !== 'change') throw new Error(`expected a change, got ${JSON.stringify(result)}`);
  return result.event;
}

function letter(value: object | string) {
  const result = translate(value);
  if (result.kind !== 'dead-letter') throw new Error(`expected a dead letter, got ${JSON.stringify(result)}`);
  return result.letter;
}

const PROTECTED = {
  thing_id: 7,
  shelf: 'A',
  kind: 'good',
  price: '12.5000',
  weight: 0.1,
  big: 5,
  sold: true,
  seen_at: '2026-01-02T03:04:05.100000Z',
  made_on: '2026-01-01',
  photo: 'AAH/',
  extras: '{"a": 1.0}',
  email: tokenize(PLANTED_EMAIL, KEYS),
  ip: '203.0.*.*',
};

describe('a change', () => {
  test('carries every type, with personal values replaced and dropped fields gone', () => {
    expect(change(envelope('c', { after: THING }))).toEqual({
      event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      stream: 'things',
      op: 'c',
      key: { shelf: 'A', thing_id: 7 },
      before: null,
      after: PROTECTED,
      source: { db: 'app', schema: 'shop', table: 'things', lsn: '100', tx: '763', ts: '2026-11-21T05:53:38.309061Z' },
      ingested_at: INGESTED_AT,
      contract_version: '2.1.0',
    });
  });

  test('has the id that docs/interfaces.md defines, the same in a replay', () => {
    const first = change(envelope('u', { after: THING }, { lsn: 4_711 }));
    // printf 'app|shop.things|4711|{"shelf":"A","thing_id":7}|u' | sha256sum
    expect(first.event_id).toBe('272a14e989234c41447bc4b8754378f3');
    const replay = change(envelope('u', { after: THING }, { lsn: 4_711, processedAt: 1 }));
    expect(replay).toEqual(first);
  });

  test('differs in id from any other change of the row', () => {
    const ids = [
      envelope('c', { after: THING }),
      envelope('u', { after: THING }),
      envelope('r', { after: THING }),
      envelope('d', { before: THING }),
      envelope('u', { after: THING }, { lsn: 101 }),
      envelope('u', { after: { ...THING, thing_id: 8 } }),
    ].map((value) => change(value).event_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('is the same with and without the schema wrapper', () => {
    const bare = envelope('u', { before: THING, after: THING });
    expect(change({ schema: { type: 'struct' }, payload: bare })).toEqual(change(bare));
  });

  test('keeps integers and positions beyond 2^53 to the last digit', () => {
    const text = JSON.stringify(envelope('c', { after: { ...THING, big: 1_000_001 } }, { lsn: 1_000_002 }))
      .replace('1000001', '-9007199254740993')
      .replace('"lsn":1000002', '"lsn":9223372036854775807');
    const event = change(text);
    expect(event.after!.big).toBe('-9007199254740993');
    expect(event.source.lsn).toBe('9223372036854775807');
  });

  test('of an update may lack the row before', () => {
    expect(change(envelope('u', { before: null, after: THING }))).toMatchObject({
      op: 'u',
      before: null,
      after: PROTECTED,
    });
    expect(change(envelope('u', { before: THING, after: THING }))).toMatchObject({
      before: PROTECTED,
      after: PROTECTED,
    });
  });

  test('of a delete carries the row before', () => {
    expect(change(envelope('d', { before: THING }))).toMatchObject({
      op: 'd',
      key: { shelf: 'A', thing_id: 7 },
      before: PROTECTED,
      after: null,
    });
  });

  test('of a delete that knows only the key does not claim that all else was null', () => {
    const keyOnly = Object.fromEntries(
      Object.entries(THING).map(([name, value]) => [name, name === 'thing_id' || name === 'shelf' ? value : null]),
    );
    expect(change(envelope('d', { before: keyOnly })).before).toEqual({ thing_id: 7, shelf: 'A' });
  });

  test('of a key is a delete of the old and a create of the new, at one position, with two ids', () => {
    const gone = change(envelope('d', { before: THING }));
    const come = change(envelope('c', { after: { ...THING, thing_id: 8 } }));
    expect([gone.key, come.key]).toEqual([
      { shelf: 'A', thing_id: 7 },
      { shelf: 'A', thing_id: 8 },
    ]);
    expect(gone.source.lsn).toBe(come.source.lsn);
    expect(gone.event_id).not.toBe(come.event_id);
  });

  test('that empties the table is an event without key or rows', () => {
    expect(change(envelope('t', {}))).toMatchObject({
      op: 't',
      stream: 'things',
      key: null,
      before: null,
      after: null,
    });
  });

  test.each([
    [
      'text and bytes',
      { extras: '__debezium_unavailable_value', photo: Buffer.from('__debezium_unavailable_value').toString('base64') },
      ['extras', 'photo'],
    ],
    ['text array', { extras: ['__debezium_unavailable_value'] }, ['extras']],
    ['integer array', { extras: [...Buffer.from('__debezium_unavailable_value')] }, ['extras']],
    ['hstore', { extras: '{"__debezium_unavailable_value":"__debezium_unavailable_value"}' }, ['extras']],
    ['a required field', { kind: '__debezium_unavailable_value' }, ['kind']],
  ])('leaves out large values that did not change: %s', (_form, values, absent) => {
    const event = change(envelope('u', { after: { ...THING, ...values } }));
    const kept = Object.fromEntries(Object.entries(PROTECTED).filter(([name]) => !absent.includes(name)));
    expect(event.after).toEqual(kept);
  });

  test('does not mistake a longer array for the placeholder', () => {
    const extras = ['__debezium_unavailable_value', 'x'];
    expect(change(envelope('u', { after: { ...THING, extras } })).after!.extras).toBe(JSON.stringify(extras));
  });

  test('carries columns no contract knows sealed, and says which', () => {
    const value = envelope('u', {
      before: { ...THING, nickname: 'Planted Old' },
      after: { ...THING, nickname: 'Planted New' },
    });
    const result = translate(value);
    if (result.kind !== 'change') throw new Error(result.kind);
    expect(result.unknownColumns).toEqual(['things.nickname']);
    expect(JSON.stringify(result.event)).not.toContain('Planted');
    expect(JSON.parse(unseal(result.event.unknown!, KEYS).toString())).toEqual({
      before: { nickname: 'Planted Old' },
      after: { nickname: 'Planted New' },
    });
    expect(result.event.after).toEqual(PROTECTED);
  });

  test('is not refused for what the row held before it', () => {
    const before = { ...THING, kind: 'unheard of', price: 'NAN' };
    const { price: _price, ...rest } = PROTECTED;
    expect(change(envelope('u', { before, after: THING })).before).toEqual({ ...rest, kind: 'unheard of' });
  });
});

describe('a value that the warehouse cannot hold', () => {
  const mapping = (rule: 'null' | 'clamp') =>
    new Translator(
      new Map([
        [
          THINGS.stream,
          {
            ...THINGS,
            fields: THINGS.fields.map((field) =>
              ['price', 'made_on', 'big'].includes(field.name) ? { ...field, onUnrepresentable: rule } : field,
            ),
          },
        ],
      ]),
      KEYS,
    );
  const odd = { ...THING, price: '1e30', made_on: '-5877611-06-21Z', big: '9223372036854775808' };

  test('is null where the contract says so, and its text is kept', () => {
    const made = mapping('null').translate(element(envelope('u', { before: odd, after: odd })), INGESTED_AT);
    if (made.kind !== 'change') throw new Error(made.kind);
    const exact = { price: '1e30', made_on: '-5877611-06-21Z', big: '9223372036854775808' };
    expect(made.event.after).toMatchObject({ price: null, made_on: null, big: null });
    expect(made.event.exact).toEqual({ before: exact, after: exact });
    expect(changeEventSchema.parse(made.event)).toEqual(made.event);
  });

  test('is the nearest one where the contract says so', () => {
    const made = mapping('clamp').translate(element(envelope('c', { after: odd })), INGESTED_AT);
    if (made.kind !== 'change') throw new Error(made.kind);
    expect(made.event.after).toMatchObject({
      price: '99999999999999999999999999999.999999999',
      made_on: '9999-12-31',
      big: '9223372036854775807',
    });
  });

  test('is a dead letter all the same where nothing is near', () => {
    const made = mapping('clamp').translate(element(envelope('c', { after: { ...THING, price: 'NAN' } })), INGESTED_AT);
    expect(made).toMatchObject({ kind: 'dead-letter', letter: { reason: 'UNREPRESENTABLE', field: 'price' } });
  });

  test('leaves no trace in a change that has none', () => {
    expect(mapping('null').translate(element(envelope('c', { after: THING })), INGESTED_AT)).not.toHaveProperty(
      'event.exact',
    );
  });
});

describe('a dead letter', () => {
  const cases: [string, object, object][] = [
    [
      'a value outside its enum',
      envelope('c', { after: { ...THING, kind: PLANTED_EMAIL } }),
      { reason: 'CONTRACT_VIOLATION', stream: 'things', field: 'kind' },
    ],
    [
      'a required field that is null',
      envelope('c', { after: { ...THING, kind: null } }),
      { reason: 'CONTRACT_VIOLATION', field: 'kind' },
    ],
    [
      'a required column that is gone',
      envelope('c', { after: { ...THING, kind: undefined } }),
      { reason: 'CONTRACT_VIOLATION', field: 'kind' },
    ],
    [
      'a value of another type',
      envelope('u', { after: { ...THING, email: 5 } }),
      { reason: 'CONTRACT_VIOLATION', field: 'email' },
    ],
    [
      'a value below its minimum',
      envelope('u', { after: { ...THING, price: '-0.01' } }),
      { reason: 'CONTRACT_VIOLATION', field: 'price' },
    ],
    [
      'a number that is none',
      envelope('u', { after: { ...THING, price: 'NAN' } }),
      { reason: 'UNREPRESENTABLE', field: 'price' },
    ],
    [
      'a time without end',
      envelope('u', { after: { ...THING, seen_at: 'infinity' } }),
      { reason: 'UNREPRESENTABLE', field: 'seen_at' },
    ],
    [
      'a key without value',
      envelope('c', { after: { ...THING, shelf: null } }),
      { reason: 'CONTRACT_VIOLATION', field: 'shelf' },
    ],
    [
      'a table no contract knows',
      envelope('c', { after: { id: 1, mail: PLANTED_EMAIL } }, { table: 'secrets' }),
      { reason: 'UNKNOWN_STREAM', stream: '_unknown' },
    ],
    [
      'a truncate of a table no contract knows',
      envelope('t', {}, { table: 'secrets' }),
      { reason: 'UNKNOWN_STREAM', stream: '_unknown' },
    ],
    ['an update without its row', envelope('u', {}), { reason: 'UNREADABLE', stream: '_unknown', eventId: null }],
    [
      'an object of another kind',
      { hello: PLANTED_EMAIL },
      { reason: 'UNREADABLE', stream: '_unknown', eventId: null },
    ],
  ];

  test.each(cases)('is made of %s', (_what, value, expected) => {
    expect(letter(value)).toMatchObject({ stage: 'bridge', sealed: true, ...expected });
  });

  test.each(cases)('holds the original sealed and nothing personal in clear: %s', (_what, value) => {
    const made = deadLetter(letter(value));
    const { payload, ...rest } = made;
    const stored = Buffer.from(payload, 'base64').toString();
    expect(unseal(stored, KEYS).toString()).toBe(JSON.stringify(value));
    for (const planted of [PLANTED_EMAIL, 'Planted Street', '203.0.113.9']) {
      expect(JSON.stringify(rest) + stored).not.toContain(planted);
    }
  });

  test.each(cases.filter(([, , expected]) => !('eventId' in expected)))(
    'has the same id in a replay: %s',
    (_what, value) => {
      const replay = { ...value, ts_ms: 99, ts_us: 99_000 };
      expect(deadLetter(letter(replay)).dead_letter_id).toBe(deadLetter(letter(value)).dead_letter_id);
    },
  );

  test('of two rows of one COPY of an unknown table are two', () => {
    const [first, second] = [1, 2].map((id) => letter(envelope('c', { after: { id } }, { table: 'secrets' })).eventId);
    expect(first).not.toBe(second);
  });

  test('of an element that is no object is UNREADABLE', () => {
    expect(letter('"text"')).toMatchObject({ reason: 'UNREADABLE', stream: '_unknown' });
  });
});

describe('what is not the application’s', () => {
  test.each([
    ['a heartbeat', { ts_ms: 1 }, 'heartbeat'],
    ['a wrapped heartbeat', { schema: {}, payload: { ts_ms: 1 } }, 'heartbeat'],
    ['a logical message', { op: 'm', message: { prefix: 'x' }, source: {} }, 'message'],
    ['the begin of a transaction', { status: 'BEGIN', id: '1:2', ts_ms: 1, event_count: null }, 'transaction'],
    ['a tombstone', 'null', 'tombstone'],
    ['a wrapped tombstone', { schema: null, payload: null }, 'tombstone'],
    ['a schema change', { source: {}, tableChanges: [], ddl: 'x' }, 'schema-change'],
  ])('is ignored: %s', (_what, value, what) => {
    expect(translate(value)).toEqual({ kind: 'ignored', what });
  });
});
