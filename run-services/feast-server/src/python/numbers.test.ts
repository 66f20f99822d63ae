import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { floatRepr, intOfText } from './numbers.ts';

describe('floats are printed as by Python', () => {
  test.each([
    [1, '1.0'],
    [-0, '-0.0'],
    [0.1, '0.1'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [123456789012345680, '1.2345678901234568e+17'],
    [1e16, '1e+16'],
    [9999999999999998, '9999999999999998.0'],
    [1e22, '1e+22'],
    [5e-324, '5e-324'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('%p', (value, text) => expect(floatRepr(value)).toBe(text));

  test('and read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(floatRepr(value))).toBe(value);
      }),
    );
  });
});

describe('int() of a text', () => {
  test.each([
    [' 1_0 ', 10n],
    ['-7', -7n],
    ['٣٤', 34n],
    ['9223372036854775808', 9223372036854775808n],
  ])('%p', (text, value) => expect(intOfText(text)).toBe(value));

  test.each(['', '1.5', '1__0', 'x', '_1'])('%p is no integer', (text) => {
    expect(() => intOfText(text)).toThrow(/^invalid literal for int\(\) with base 10: '/);
  });
});
