import { describe, expect, test } from '@jest/globals';
import type { FieldType } from '@tributary/platform/contracts';
import fc from 'fast-check';
import { timestampOfMicros } from './time.ts';
import { decodeValue, InexactNumber } from './value.ts';

const wire = (type: FieldType, value: unknown) => {
  const decoded = decodeValue(type, value, 'exact');
  return 'value' in decoded ? decoded.value : decoded.fault.reason;
};

describe('a value on the wire', () => {
  test.each<[FieldType, unknown, unknown]>([
    ['STRING', 'naïve ☂', 'naïve ☂'],
    ['STRING', 5, 'CONTRACT_VIOLATION'],
    ['BOOL', false, false],
    ['BOOL', 'f', 'CONTRACT_VIOLATION'],
    ['INT64', -5, -5],
    ['INT64', 9007199254740991n, 9007199254740991],
    ['INT64', 9007199254740993n, '9007199254740993'],
    ['INT64', '-9223372036854775808', '-9223372036854775808'],
    ['INT64', '12.000', 12],
    ['INT64', '12.5', 'CONTRACT_VIOLATION'],
    ['INT64', 9223372036854775808n, 'UNREPRESENTABLE'],
    ['INT64', 1.5, 'CONTRACT_VIOLATION'],
    ['INT64', true, 'CONTRACT_VIOLATION'],
    ['NUMERIC', '12.5000', '12.5000'],
    ['NUMERIC', '-0.00', '0.00'],
    ['NUMERIC', '1.5E-7', '0.00000015'],
    ['NUMERIC', '1E+20', '100000000000000000000'],
    ['NUMERIC', '0.1234567890', '0.123456789'],
    ['NUMERIC', '0.0000000001', 'UNREPRESENTABLE'],
    ['NUMERIC', '100000000000000000000000000000', 'UNREPRESENTABLE'],
    ['NUMERIC', 'NAN', 'UNREPRESENTABLE'],
    ['NUMERIC', 'NEGATIVE_INFINITY', 'UNREPRESENTABLE'],
    ['NUMERIC', 1e-7, '0.0000001'],
    ['NUMERIC', 9007199254740993n, '9007199254740993'],
    ['NUMERIC', 'twelve', 'CONTRACT_VIOLATION'],
    ['NUMERIC', '.', 'CONTRACT_VIOLATION'],
    ['FLOAT64', 1e300, 1e300],
    ['FLOAT64', 5e-324, 5e-324],
    ['FLOAT64', -0, '-0'],
    ['FLOAT64', 'NaN', 'NaN'],
    ['FLOAT64', '-Infinity', '-Infinity'],
    ['FLOAT64', '1.5', 1.5],
    ['FLOAT64', 'x', 'CONTRACT_VIOLATION'],
    ['TIMESTAMP', '2026-01-02T03:04:05.1Z', '2026-01-02T03:04:05.100000Z'],
    ['TIMESTAMP', '2026-01-02T03:04:05.123456Z', '2026-01-02T03:04:05.123456Z'],
    ['TIMESTAMP', '2026-01-02T03:04Z', '2026-01-02T03:04:00.000000Z'],
    ['TIMESTAMP', '2026-01-01T00:30:00.123456+02', '2025-12-31T22:30:00.123456Z'],
    ['TIMESTAMP', '1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
    ['TIMESTAMP', 'infinity', 'UNREPRESENTABLE'],
    ['TIMESTAMP', '-0043-03-15T00:00:00.000000Z', 'UNREPRESENTABLE'],
    ['TIMESTAMP', '+12026-01-01T00:00:00Z', 'UNREPRESENTABLE'],
    ['TIMESTAMP', '0001-01-01T00:00:00+02', 'UNREPRESENTABLE'],
    ['TIMESTAMP', '2026-02-30T00:00:00Z', 'CONTRACT_VIOLATION'],
    ['TIMESTAMP', 1_795_240_418_309_061, 'CONTRACT_VIOLATION'],
    ['DATE', '2026-02-03Z', '2026-02-03'],
    ['DATE', '2026-02-03', '2026-02-03'],
    ['DATE', '-5877611-06-21Z', 'UNREPRESENTABLE'],
    ['DATE', '2026-02-03T00:00:00Z', 'CONTRACT_VIOLATION'],
    ['BYTES', 'AAH/', 'AAH/'],
    ['BYTES', '', ''],
    ['BYTES', 'not base64', 'CONTRACT_VIOLATION'],
    ['JSON', '{"a": 1.0}', '{"a": 1.0}'],
    ['JSON', ['a', null, 9007199254740993n], '["a",null,9007199254740993]'],
    ['JSON', '{', 'CONTRACT_VIOLATION'],
  ])('%s %p is %p', (type, value, expected) => {
    expect(wire(type, value)).toEqual(expected);
  });

  test.each<FieldType>(['STRING', 'INT64', 'NUMERIC', 'FLOAT64', 'BOOL', 'TIMESTAMP', 'DATE', 'BYTES', 'JSON'])(
    'null is null for %s',
    (type) => {
      expect(wire(type, null)).toBeNull();
    },
  );

  test('an integer that JSON.parse may have rounded is never used', () => {
    for (const type of ['INT64', 'NUMERIC'] as const) {
      expect(() => decodeValue(type, 2 ** 53, 'plain')).toThrow(InexactNumber);
    }
    expect(() => decodeValue('JSON', [[2 ** 60]], 'plain')).toThrow(InexactNumber);
    expect(decodeValue('JSON', [1e300], 'exact')).toEqual({ value: '[1e+300]' });
  });

  test('a decimal keeps its value through any notation', () => {
    const scaled = (text: string): bigint => {
      const [whole, fraction = ''] = text.split('.');
      return BigInt(whole + fraction.padEnd(9, '0'));
    };
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.integer({ min: 0, max: 9 }),
        (digits, places) => {
          const plain = wire('NUMERIC', `${digits}E-${places}`);
          expect(plain).toMatch(/^-?(0|[1-9]\d{0,28})(\.\d{1,9})?$|^UNREPRESENTABLE$/);
          if (plain !== 'UNREPRESENTABLE') expect(scaled(String(plain))).toBe(digits * 10n ** BigInt(9 - places));
        },
      ),
    );
  });

  test('microseconds since 1970 keep all six digits', () => {
    expect(timestampOfMicros(1_795_240_418_309_061)).toBe('2026-11-21T05:53:38.309061Z');
    expect(timestampOfMicros(7)).toBe('1970-01-01T00:00:00.000007Z');
  });
});
