import { describe, expect, test } from '@jest/globals';
import { ValueType } from '../registry/value-type.ts';
import { encodeTimestamp } from '../value/encode.ts';
import { toKeyPart } from '../value/key-part.ts';
import { EntityKeyEncoder } from './entity-key.ts';
import { featureField } from './murmur3.ts';
import { slotOf } from './slots.ts';
import { formatMoment, readTimestamp } from './timestamp.ts';

describe('the layout of Feast 0.67 in Redis', () => {
  test('the key of user_id=1 in project feas', () => {
    const key = new EntityKeyEncoder(['user_id'], 'feas').encode([toKeyPart({ type: ValueType.INT64, data: 1 })]);
    expect(key.toString('hex')).toBe(
      '01000000020000000700000075736572' + '5f69640400000008000000010000000000000066656173',
    );
  });

  test('join keys are in the order of their code points, whatever order they come in', () => {
    const part = (data: string) => toKeyPart({ type: ValueType.STRING, data });
    // U+1F642 sorts after U+FF5E, though its first UTF-16 unit is smaller.
    const one = new EntityKeyEncoder(['🙂', '～'], 'p').encode([part('a'), part('b')]);
    const other = new EntityKeyEncoder(['～', '🙂'], 'p').encode([part('b'), part('a')]);
    expect(one.equals(other)).toBe(true);
    expect(one.indexOf('～')).toBeLessThan(one.indexOf('🙂'));
  });

  test.each([
    [-1, 'ffffffffffffffff'],
    [2 ** 40 + 5, '0500000000010000'],
    [-(2n ** 63n), '0000000000000080'],
    [9007199254740993n, '0100000000002000'],
  ])('an integer %p is eight bytes, little-endian', (data, hex) => {
    expect(toKeyPart({ type: ValueType.INT64, data }).bytes.toString('hex')).toBe(hex);
  });

  test('the field of user_stats:u_i0', () => {
    expect(featureField('user_stats', 'u_i0').toString('hex')).toBe('890670d1');
  });
});

describe('event times', () => {
  const printed = (seconds: number, nanos: number) => {
    const bytes = encodeTimestamp(seconds, nanos);
    return formatMoment(readTimestamp(bytes, 0, bytes.length));
  };

  test.each([
    [0, 0, '1970-01-01T00:00:00Z'],
    [1_700_000_000, 500_000_000, '2023-11-14T22:13:20.500Z'],
    [1_700_000_000, 123_456_000, '2023-11-14T22:13:20.123456Z'],
    [-1, 0, '1969-12-31T23:59:59Z'],
  ])('%d s and %d ns', (seconds, nanos, text) => expect(printed(seconds, nanos)).toBe(text));
});

describe('slots of a cluster', () => {
  // https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
  test('123456789 has the CRC of the specification', () =>
    expect(slotOf(Buffer.from('123456789'))).toBe(0x31c3 % 16_384));

  test('what is in braces decides alone, unless it is nothing', () => {
    expect(slotOf(Buffer.from('{user1000}.following'))).toBe(slotOf(Buffer.from('user1000')));
    expect(slotOf(Buffer.from('foo{}bar'))).not.toBe(slotOf(Buffer.from('')));
  });
});
