import { describe, expect, test } from '@jest/globals';
import { compareRows } from './compare.ts';

const columns = { exact: ['money', 'country'], doubles: ['ratio'] };
const rows = (...entries: [string, Record<string, unknown>][]) => new Map(entries);

describe('compareRows', () => {
  test('equal values are equal however a driver writes them', () => {
    const expected = rows(['1', { money: '12.5000', country: 'Spain', ratio: '0.333333333333333333' }]);
    const actual = rows(['1', { money: { value: '12.5' }, country: 'Spain', ratio: 1 / 3 }]);
    expect(compareRows(expected, actual, columns).differences).toEqual([]);
  });

  test('a penny is a difference, and so is a null where a number was expected', () => {
    const expected = rows(['1', { money: '12.50', country: null, ratio: 0 }]);
    const actual = rows(['1', { money: '12.51', country: null, ratio: null }]);
    expect(compareRows(expected, actual, columns).differences.map(({ column }) => column)).toEqual(['money', 'ratio']);
  });

  test('a row that only one side has is a difference', () => {
    const row = { money: '1', country: 'x', ratio: 1 };
    expect(compareRows(rows(['1', row]), rows(['2', row]), columns).differences.map(({ key }) => key)).toEqual([
      '1',
      '2',
    ]);
  });

  test('a ratio beyond one in a billion is a difference', () => {
    const expected = rows(['1', { money: '0', country: '', ratio: 0.5 }]);
    expect(
      compareRows(expected, rows(['1', { money: '-0', country: '', ratio: 0.5 + 1e-8 }]), columns).differences,
    ).toHaveLength(1);
  });
});
