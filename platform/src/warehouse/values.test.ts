import { BigQueryDate, BigQueryTimestamp } from '@google-cloud/bigquery';
import { describe, expect, test } from '@jest/globals';
import { exactInteger, wireRow } from './values.ts';

describe('rows of query results', () => {
  test('timestamps always have six digits, whatever precision they came in', () => {
    const at = (text: string) => wireRow({ t: new BigQueryTimestamp(text) }).t;
    expect(at('2026-11-21T05:20:02.123456Z')).toBe('2026-11-21T05:20:02.123456Z');
    expect(at('2026-11-21T05:20:02.1Z')).toBe('2026-11-21T05:20:02.100000Z');
    expect(at('2026-11-21T05:20:02Z')).toBe('2026-11-21T05:20:02.000000Z');
  });

  test('integers are numbers exactly as far as numbers are exact', () => {
    expect(exactInteger('9007199254740991')).toBe(9007199254740991);
    expect(exactInteger('9007199254740993')).toBe('9007199254740993');
    expect(exactInteger('-9223372036854775808')).toBe('-9223372036854775808');
  });

  test('values inside arrays and structs follow the same rules, also in a field called value', () => {
    const row = { s: { value: 'plain', d: new BigQueryDate('2026-11-21'), b: Buffer.from('ab'), f: [Number.NaN, 1] } };
    expect(wireRow(row)).toEqual({ s: { value: 'plain', d: '2026-11-21', b: 'YWI=', f: ['NaN', 1] } });
  });
});
