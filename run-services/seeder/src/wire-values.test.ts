import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isStorable, momentOf, readDecimal, readInteger, readMoment } from './wire-values.ts';

describe('readInteger', () => {
  test.each([
    ['17850.0', 17850],
    [' 6 ', 6],
    ['-12', -12],
    ['007', 7],
    ['+3.', 3],
    ['-0', 0],
    ['9007199254740993', '9007199254740993'],
    ['-9223372036854775808', '-9223372036854775808'],
  ])('%j is the integer %j', (text, value) => {
    expect(readInteger(text)).toBe(value);
  });

  test.each(['', ' ', '17850.5', '1e3', '0x10', '12a', '--1', 'nan', '9223372036854775808', '1 2'])(
    '%j is none',
    (text) => {
      expect(readInteger(text)).toBeNull();
    },
  );
});

describe('readDecimal', () => {
  test.each([
    ['2.55', '2.55'],
    ['2.10', '2.1'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['00.001', '0.001'],
    ['-11062.06', '-11062.06'],
    ['-0.00', '0'],
    ['1e-04', '0.0001'],
    ['1.5E3', '1500'],
    ['2.550000', '2.55'],
    ['99999999999999.9999', '99999999999999.9999'],
  ])('%j is exactly %j', (text, value) => {
    expect(readDecimal(text)).toBe(value);
  });

  test.each(['', '.', '-', '1,5', '£2', '2.55001', '1e-5', '100000000000000', 'NaN', 'Infinity', '1e999'])(
    '%j is none: unreadable, or it would be rounded',
    (text) => {
      expect(readDecimal(text)).toBeNull();
    },
  );

  test('every amount of numeric(18,4) comes back with the value it had', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 18n) + 1n, 10n ** 18n - 1n), (tenThousandths) => {
        const digits = String(tenThousandths < 0n ? -tenThousandths : tenThousandths).padStart(5, '0');
        const read = readDecimal(`${tenThousandths < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`)!;
        const [whole, fraction = ''] = read.replace('-', '').split('.');
        const value = BigInt(whole! + fraction.padEnd(4, '0')) * (read.startsWith('-') ? -1n : 1n);
        expect(value).toBe(tenThousandths);
        expect(read).not.toMatch(/\.\d*0$|^-?0\d|^-0$/);
      }),
    );
  });
});

describe('readMoment', () => {
  test.each([
    ['2010-12-01 08:26:00', '2010-12-01T08:26:00.000000Z'],
    ['2010-12-01T08:26', '2010-12-01T08:26:00.000000Z'],
    ['2026-03-02T08:26:00.12Z', '2026-03-02T08:26:00.120000Z'],
    ['2012-02-29 23:59:59', '2012-02-29T23:59:59.000000Z'],
  ])('%j is %j, whatever zone this machine is in', (text, wire) => {
    expect(readMoment(text)?.text).toBe(wire);
  });

  test.each([
    '',
    '12/1/2010 8:26',
    '2010-02-30 00:00:00',
    '2011-02-29 00:00:00',
    '2010-12-01 24:00:00',
    '2010-13-01 00:00:00',
    '2010-12-01',
  ])('%j is none', (text) => {
    expect(readMoment(text)).toBeNull();
  });

  test('microseconds and text say the same moment', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800, max: 9_000_000_000 }), fc.nat(999_999), (seconds, micros) => {
        const moment = momentOf(seconds * 1_000_000 + (Math.abs(seconds) > 9_000_000_000 ? 0 : micros));
        expect(readMoment(moment.text)).toEqual(moment);
      }),
    );
  });
});

test('text that Postgres cannot store is told apart', () => {
  expect(['a\u0000b', '\ud800', 'é 山田 👍'].map(isStorable)).toEqual([false, false, true]);
});
