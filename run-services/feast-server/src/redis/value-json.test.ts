import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonWriter } from '../online/json-writer.ts';
import { ValueType } from '../registry/value-type.ts';
import { encodeValue } from '../value/encode.ts';
import { type FeastValue, writeFeastValue } from '../value/feast-value.ts';
import { writeValue } from './value-json.ts';
import { WireError } from './wire.ts';

function printed(bytes: Buffer): string {
  const out = new JsonWriter();
  // As in a reply of Redis: with other bytes before and behind.
  writeValue(out, Buffer.concat([Buffer.from('$9\r\n'), bytes, Buffer.from('\r\n')]), 4, 4 + bytes.length);
  return out.take().toString();
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({ unit: 'binary' });
const values: fc.Arbitrary<FeastValue> = fc.oneof(
  int64.map((data) => ({ type: ValueType.INT64, data })),
  fc.integer().map((data) => ({ type: ValueType.INT32, data })),
  fc.double().map((data) => ({ type: ValueType.DOUBLE, data })),
  fc.float().map((data) => ({ type: ValueType.FLOAT, data })),
  fc.boolean().map((data) => ({ type: ValueType.BOOL, data })),
  text.map((data) => ({ type: ValueType.STRING, data })),
  fc.uint8Array().map((data) => ({ type: ValueType.BYTES, data: Buffer.from(data) })),
  fc.array(int64).map((data) => ({ type: ValueType.INT64_LIST, data })),
  fc.array(fc.double()).map((data) => ({ type: ValueType.DOUBLE_LIST, data })),
  fc.array(text).map((data) => ({ type: ValueType.STRING_LIST, data })),
  fc.array(fc.boolean()).map((data) => ({ type: ValueType.BOOL_LIST, data })),
  fc
    .dictionary(
      text,
      int64.map((data): FeastValue => ({ type: ValueType.INT64, data })),
    )
    .map((data) => ({ type: ValueType.MAP, data: { entries: Object.entries(data) } })),
);

describe('the JSON of a Value', () => {
  test('from the bytes is that of the value that was encoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        const out = new JsonWriter();
        writeFeastValue(out, value);
        expect(printed(encodeValue(value))).toBe(out.take().toString());
      }),
      { numRuns: 2_000 },
    );
  });

  // Bytes as Feast 0.67 wrote them.
  test.each([
    ['', 'null'],
    ['980100', 'null'],
    ['20ffffffffffffffff7f', '9223372036854775807'],
    ['2080808080808080808001', '-9223372036854775808'],
    ['29000000000000f87f', '"NaN"'],
    ['35cdcccc3d', '0.10000000149011612'],
    ['1204610a2263', '"a\\n\\"c"'],
    ['720b0a09feffffffffffffff7f', '[9223372036854775806]'],
    ['7a100a0e000000000000f83f', undefined],
  ])('%s', (hex, json) => {
    const bytes = Buffer.from(hex, 'hex');
    if (json === undefined) expect(() => printed(bytes)).toThrow(WireError);
    else expect(printed(bytes)).toBe(json);
  });

  test('whatever lies in Redis, it is an answer or a WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          printed(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
