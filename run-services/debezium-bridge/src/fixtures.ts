import type { CompiledContract, ContractField, Contracts } from '@tributary/platform/contracts';
import { parsePiiKeys } from '@tributary/platform/pii';
import { type BatchElement, readBatch } from './batch.ts';

/** For tests only. */
export const KEYS = parsePiiKeys(
  JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } }),
);

/** The field `email` is personal; `email_of_the_test` is nowhere else. */
export const PLANTED_EMAIL = 'email_of_the_test@example.com';

function field(name: string, type: ContractField['type'], rules: Partial<ContractField> = {}): ContractField {
  return { name, type, required: false, pii: 'none', description: name, ...rules };
}

/** One field of each type, of each PII class, and a key of two fields. */
export const THINGS: CompiledContract = {
  stream: 'things',
  version: '2.1.0',
  description: 'Things.',
  table: { schema: 'shop', name: 'things' },
  primaryKey: ['shelf', 'thing_id'],
  eventTime: 'seen_at',
  freshnessSeconds: 60,
  fields: [
    field('thing_id', 'INT64', { required: true }),
    field('shelf', 'STRING', { required: true }),
    field('kind', 'STRING', { required: true, enum: ['good', 'bad'] }),
    field('price', 'NUMERIC', { min: 0 }),
    field('weight', 'FLOAT64'),
    field('big', 'INT64'),
    field('sold', 'BOOL'),
    field('seen_at', 'TIMESTAMP'),
    field('made_on', 'DATE'),
    field('photo', 'BYTES'),
    field('extras', 'JSON'),
    field('email', 'STRING', { pii: 'tokenize' }),
    field('ip', 'STRING', { pii: 'mask', maskKeep: 'ipv4_prefix16' }),
    field('address', 'STRING', { pii: 'drop' }),
  ],
};

export const CONTRACTS: Contracts = new Map([[THINGS.stream, THINGS]]);

/** A row of shop.things as Debezium writes it. */
export const THING = {
  thing_id: 7,
  shelf: 'A',
  kind: 'good',
  price: '12.5000',
  weight: 0.1,
  big: 5,
  sold: true,
  seen_at: '2026-01-02T03:04:05.1Z',
  made_on: '2026-01-01Z',
  photo: 'AAH/',
  extras: '{"a": 1.0}',
  email: PLANTED_EMAIL,
  ip: '203.0.113.9',
  address: 'Planted Street 1',
};

/** An envelope as the engine posts it; `processedAt` is what differs between a change and its replay. */
export function envelope(
  op: string,
  rows: { before?: object | null; after?: object | null },
  { lsn = 100, table = 'things', processedAt = 1_795_240_418_413 } = {},
): object {
  return {
    before: rows.before ?? null,
    after: rows.after ?? null,
    source: {
      version: '3.6.3.Final',
      connector: 'postgresql',
      name: 'app',
      ts_ms: 1_795_240_418_309,
      ts_us: 1_795_240_418_309_061,
      ts_ns: 1_795_240_418_309_061_000,
      snapshot: 'false',
      db: 'app',
      schema: 'shop',
      table,
      txId: 763,
      lsn,
      sequence: `[null,"${lsn}"]`,
      xmin: null,
    },
    transaction: null,
    op,
    ts_ms: processedAt,
  };
}

/** The only element of a batch that holds this, or this text. */
export function element(value: object | string): BatchElement {
  return readBatch(`[${typeof value === 'string' ? value : JSON.stringify(value)}]`)[0]!;
}
