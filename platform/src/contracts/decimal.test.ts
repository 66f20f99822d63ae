import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareDecimals } from './decimal.ts';

test('decimals are compared by value, not by text or as doubles', () => {
  expect(compareDecimals('10', '9')).toBe(1);
  expect(compareDecimals('2.50', '2.5')).toBe(0);
  expect(compareDecimals('-0.5', '-0.4')).toBe(-1);
  expect(compareDecimals('-0.5', '0')).toBe(-1);
  expect(compareDecimals('-0', '0')).toBe(0);
  expect(compareDecimals('9007199254740993', '9007199254740992')).toBe(1);
  expect(compareDecimals('0.000000001', '0')).toBe(1);
});

test('any two amounts of nine places compare as their billionths do', () => {
  const amount = fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n });
  const text = (billionths: bigint) => {
    const digits = (billionths < 0n ? -billionths : billionths).toString().padStart(10, '0');
    return `${billionths < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
  };
  fc.assert(
    fc.property(amount, amount, (a, b) => expect(compareDecimals(text(a), text(b))).toBe(a < b ? -1 : a > b ? 1 : 0)),
  );
});
