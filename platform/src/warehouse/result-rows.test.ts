import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodedRow } from './result-rows.ts';

const one = (type: string, v: unknown) => decodedRow([{ name: 'x', type }], { f: [{ v }] }).x;

describe('values of a result, exactly', () => {
  test.each<[string, unknown, unknown]>([
    ['INTEGER', '9007199254740991', 9007199254740991],
    ['INTEGER', '9007199254740993', '9007199254740993'],
    ['INT64', '-9223372036854775808', '-9223372036854775808'],
    ['NUMERIC', '12.50', '12.50'],
    ['NUMERIC', '99999999999999999999999999999.999999999', '99999999999999999999999999999.999999999'],
    ['NUMERIC', '1E-9', '0.000000001'],
    ['NUMERIC', '-1.5e+3', '-1500'],
    ['BIGNUMERIC', '1.25E1', '12.5'],
    ['FLOAT', '0.1', 0.1],
    ['FLOAT64', 'NaN', 'NaN'],
    ['FLOAT', 'Infinity', 'Infinity'],
    ['FLOAT', '-inf', '-Infinity'],
    ['FLOAT', '-0.0', '-0'],
    ['BOOLEAN', 'false', false],
    ['TIMESTAMP', '1795238402123456', '2026-11-21T05:20:02.123456Z'],
    ['TIMESTAMP', '0', '1970-01-01T00:00:00.000000Z'],
    ['TIMESTAMP', '-1', '1969-12-31T23:59:59.999999Z'],
    ['TIMESTAMP', '-62135596800000000', '0001-01-01T00:00:00.000000Z'],
    ['TIMESTAMP', '253402300799999999', '9999-12-31T23:59:59.999999Z'],
    ['DATE', '2026-11-21', '2026-11-21'],
    ['BYTES', '/+A=', '/+A='],
    ['JSON', '{"a":9007199254740993}', '{"a":9007199254740993}'],
    ['STRING', '', ''],
    ['STRING', null, null],
  ])('%s %s', (type, value, expected) => {
    expect(one(type, value)).toEqual(expected);
  });

  test('arrays and structs hold the same', () => {
    const fields = [
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      { name: 'none', type: 'INTEGER', mode: 'REPEATED' },
      {
        name: 'lines',
        type: 'RECORD',
        mode: 'REPEATED',
        fields: [
          { name: 'value', type: 'NUMERIC' },
          { name: 'at', type: 'TIMESTAMP' },
        ],
      },
    ];
    const f = [{ v: [{ v: 'a' }, { v: null }] }, { v: null }, { v: [{ v: { f: [{ v: '1.10' }, { v: '0' }] } }] }];
    expect(decodedRow(fields, { f })).toEqual({
      tags: ['a', null],
      none: [],
      lines: [{ value: '1.10', at: '1970-01-01T00:00:00.000000Z' }],
    });
  });

  test('a decimal with an exponent is the same decimal without', () => {
    const digits = fc.stringMatching(/^[1-9]\d{0,8}$/);
    fc.assert(
      fc.property(digits, fc.integer({ min: -12, max: 12 }), (whole, exponent) => {
        const plain = one('NUMERIC', `${whole}E${exponent}`) as string;
        expect(plain).toMatch(/^\d+(\.\d*[1-9])?$/);
        expect(Number(plain)).toBeCloseTo(Number(`${whole}E${exponent}`), 12);
        expect(plain.replace('.', '').replace(/^0+/, '').replace(/0+$/, '')).toBe(whole.replace(/0+$/, ''));
      }),
    );
  });
});
