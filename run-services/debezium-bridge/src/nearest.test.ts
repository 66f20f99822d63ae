import { describe, expect, test } from '@jest/globals';
import type { FieldType } from '@tributary/platform/contracts';
import fc from 'fast-check';
import { plainDecimal } from './decimal.ts';
import { nearestRepresentable } from './nearest.ts';

const MOST = '99999999999999999999999999999.999999999';

describe('the nearest value that the warehouse holds', () => {
  test.each<[FieldType, string, string | undefined]>([
    ['INT64', '9223372036854775808', '9223372036854775807'],
    ['INT64', '-9223372036854775809', '-9223372036854775808'],
    ['NUMERIC', 'POSITIVE_INFINITY', MOST],
    ['NUMERIC', '-Infinity', `-${MOST}`],
    ['NUMERIC', 'NEGATIVE_INFINITY', `-${MOST}`],
    ['NUMERIC', 'NAN', undefined],
    ['NUMERIC', '100000000000000000000000000000', MOST],
    ['NUMERIC', '-1e400', `-${MOST}`],
    ['NUMERIC', '99999999999999999999999999999.9999999995', MOST],
    ['NUMERIC', '0.0000000004', '0.000000000'],
    ['NUMERIC', '-0.0000000005', '-0.000000001'],
    ['NUMERIC', '1e-400', '0'],
    ['NUMERIC', '1.23456789012', '1.234567890'],
    ['DATE', 'infinity', '9999-12-31'],
    ['DATE', '-infinity', '0001-01-01'],
    ['DATE', '-5877611-06-21Z', '9999-12-31'],
    ['DATE', '-5877611-06-22Z', '0001-01-01'],
    ['DATE', '+5874897-12-31Z', '9999-12-31'],
    ['DATE', '0000-12-31Z', '0001-01-01'],
    ['TIMESTAMP', '+294247-01-10T04:00:25.2Z', '9999-12-31T23:59:59.999999Z'],
    ['TIMESTAMP', '-290308-12-21T19:59:27.6Z', '0001-01-01T00:00:00.000000Z'],
    ['TIMESTAMP', '9999-12-31T23:59:59-02', '9999-12-31T23:59:59.999999Z'],
    ['TIMESTAMP', '0001-01-01T00:00:00+02', '0001-01-01T00:00:00.000000Z'],
    ['TIMESTAMP', '2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123456Z'],
  ])('%s %p is %p', (type, text, expected) => {
    expect(nearestRepresentable(type, text)).toBe(expected);
  });

  test('of any decimal with too many places is half a billionth away at most', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 35n), max: 10n ** 35n }),
        fc.integer({ min: 10, max: 30 }),
        (digits, places) => {
          const text = `${digits}E-${places}`;
          fc.pre(plainDecimal(text) === 'too-long');
          const [whole, fraction = ''] = String(nearestRepresentable('NUMERIC', text)).split('.');
          const near = BigInt(whole + fraction.padEnd(9, '0')) * 10n ** BigInt(places - 9);
          const away = near > digits ? near - digits : digits - near;
          expect(away * 2n <= 10n ** BigInt(places - 9)).toBe(true);
        },
      ),
    );
  });
});
