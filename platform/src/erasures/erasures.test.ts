import { describe, expect, test } from '@jest/globals';
import { loadContracts } from '../contracts/index.ts';
import { TransientError } from '../errors/index.ts';
import { MemoryLake } from '../group-commit/testing/index.ts';
import type { Lake } from '../lake/port.ts';
import { createLogger } from '../log/index.ts';
import { erasureIds, parsePiiKeys } from '../pii/index.ts';
import { ERASURES, ErasedSubjects, enlist, LiveErasures, readErasures, strikeOff, subjectNamed } from './index.ts';

const BUCKET = 'lake';
const KEY = Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64');
const KEYS = parsePiiKeys(JSON.stringify({ active: 'v1', keys: { v1: KEY } }));
const NEWER = parsePiiKeys(
  JSON.stringify({ active: 'v2', keys: { v1: KEY, v2: Buffer.alloc(32, 9).toString('base64') } }),
);
const CONTRACTS = loadContracts();
const log = createLogger('test', { level: 'silent' });
const [SEVEN] = erasureIds('customer', '7', KEYS);

describe('the id of an erasure', () => {
  test('is the same in every language', () => {
    // ErasedSubjectsTest.java has the same.
    expect(erasureIds('customer', '12345', KEYS)).toEqual(['era_v1_KOQkpuMb9tkZBCnO-2UUfqhJdVgRhvWBnPy6Kc2CMZA']);
  });

  test('is found under a key that was active when it was made', () => {
    const erased = new ErasedSubjects(new Map([['customer', new Set([SEVEN!])]]), CONTRACTS, NEWER);
    expect(erased.concern({ customer_id: 7 })).toBe(true);
    expect(erasureIds('customer', '7', NEWER)[0]).toMatch(/^era_v2_/);
  });
});

describe('data of somebody who was erased', () => {
  const erased = new ErasedSubjects(new Map([['customer', new Set([SEVEN!])]]), CONTRACTS, KEYS);

  test.each([
    ['a row', { customer_id: 7 }],
    ['a row by another name', { user_id: 7 }],
    ['text', { user_id: '7' }],
    ['a large integer', { customer_id: 7n }],
    ['an envelope', { before: null, after: { orders: [{ customer_id: 7 }] } }],
  ])('is told in %s', (_, value) => expect(erased.concern(value)).toBe(true));

  test.each([
    ['another number', { customer_id: 77 }],
    ['another member', { quantity: 7, order_id: '7' }],
    ['nothing', null],
  ])('is not %s', (_, value) => expect(erased.concern(value)).toBe(false));
});

describe('the list of erasures', () => {
  test('keeps everybody when many are added at once, each once, and forgets who was struck off', async () => {
    const lake = new MemoryLake();
    const all = Array.from({ length: 8 }, (_, n) => `era_v1_${n}`);
    await Promise.all([...all, ...all].map((id) => enlist(lake, BUCKET, 'customer', id)));
    await strikeOff(lake, BUCKET, 'customer', 'era_v1_3');
    expect([...(await readErasures(lake, BUCKET)).get('customer')!].sort()).toEqual(
      all.filter((id) => !id.endsWith('3')),
    );
  });

  test('stops everything where it is broken', async () => {
    const lake = new MemoryLake();
    await lake.write(BUCKET, ERASURES, '{"subjects":');
    const erasures = new LiveErasures({ lake, bucket: BUCKET, keys: KEYS, log });
    await expect(erasures.fresh(CONTRACTS)).rejects.toMatchObject({ code: 'ERASURES_UNREADABLE' });
  });

  test('is followed within two seconds, and looked at no more often', async () => {
    const lake = new MemoryLake();
    let [at, looks] = [0, 0];
    const seen = {
      read: lake.read.bind(lake),
      list: (bucket: string, prefix: string) => {
        looks += 1;
        return lake.list(bucket, prefix);
      },
    } as Lake;
    const erasures = new LiveErasures({ lake: seen, bucket: BUCKET, keys: KEYS, log, now: () => at });
    const nobody = await erasures.fresh(CONTRACTS);
    expect(nobody.isEmpty).toBe(true);
    await enlist(lake, BUCKET, 'customer', SEVEN!);
    at = 1_999;
    expect(await erasures.fresh(CONTRACTS)).toBe(nobody);
    expect(looks).toBe(1);
    at = 2_000;
    expect((await erasures.fresh(CONTRACTS)).concern({ customer_id: 7 })).toBe(true);
  });

  test('lets nothing pass before it was seen, and holds while the store is away', async () => {
    const lake = new MemoryLake();
    let [at, away] = [0, true];
    const seen = {
      read: lake.read.bind(lake),
      list: (bucket: string, prefix: string) => {
        if (away) throw new TransientError('LAKE_UNAVAILABLE', 'away');
        return lake.list(bucket, prefix);
      },
    } as Lake;
    const erasures = new LiveErasures({ lake: seen, bucket: BUCKET, keys: KEYS, log, now: () => at });
    await expect(erasures.fresh(CONTRACTS)).rejects.toMatchObject({ code: 'LAKE_UNAVAILABLE' });
    await enlist(lake, BUCKET, 'customer', SEVEN!);
    away = false;
    expect((await erasures.fresh(CONTRACTS)).isEmpty).toBe(false);
    [at, away] = [60_000, true];
    expect((await erasures.fresh(CONTRACTS)).concern({ customer_id: 7 })).toBe(true);
  });
});

describe('a subject and an id as people type them', () => {
  test('are those of a contract', () => {
    const { subject } = subjectNamed(CONTRACTS, 'customer', '12345');
    expect(Object.fromEntries(subject.fields)).toEqual({
      customers: 'customer_id',
      order_lines: 'customer_id',
      orders: 'customer_id',
      user_events: 'user_id',
    });
  });

  test.each([
    ['courier', '1', 'ERASE_SUBJECT', /there are: --customer/],
    ['customer', '007', 'ERASE_ID', /an integer/],
    ['customer', 'a@b.c', 'ERASE_ID', /an integer/],
    ['customer', '9223372036854775808', 'ERASE_ID', /an integer/],
  ])('are refused where they are none: %s %s', (subject, id, code, message) => {
    expect(() => subjectNamed(CONTRACTS, subject, id)).toThrow(expect.objectContaining({ code }));
    expect(() => subjectNamed(CONTRACTS, subject, id)).toThrow(message);
  });
});
