import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dumps } from './dumps.ts';
import { JsonDecodeError, loads, NotUtf8Error, PyFloat } from './json.ts';

const read = (text: string) => loads(Buffer.from(text));

describe('a body is read as Python reads it', () => {
  test('an integer of any size is exact, and a number with a fraction is a float even where it is whole', () => {
    expect(read('[1, 9007199254740993, -9223372036854775808, 1.0, 1e2]')).toEqual([
      1,
      9007199254740993n,
      -9223372036854775808n,
      new PyFloat(1),
      new PyFloat(100),
    ]);
  });

  test('an integer has no negative zero', () => {
    expect(Object.is(read('-0'), 0)).toBe(true);
  });

  test('NaN and the infinities are taken', () => {
    expect(read('[NaN, -Infinity]')).toEqual([new PyFloat(Number.NaN), new PyFloat(Number.NEGATIVE_INFINITY)]);
  });

  test('what JSON.parse reads is read the same by both parsers', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const text = JSON.stringify(value);
        // The second is read by the careful parser, for it has a fraction.
        expect(dumps((read(`[${text},0.5]`) as [never])[0])).toBe(dumps(read(text)));
      }),
    );
  });

  test.each([
    ['{', 'Expecting property name enclosed in double quotes', 1],
    ['{"a":1,}', 'Illegal trailing comma before end of object', 6],
    ['[1 2]', "Expecting ',' delimiter", 3],
    ['{"é🙂" 1}', "Expecting ':' delimiter", 6],
    ['"abc', 'Unterminated string starting at', 0],
    ['{"a":"\\x"}', 'Invalid \\escape', 6],
    ['[1]x', 'Extra data', 3],
  ])('%s is refused where Python refuses it, and as it does', (text, message, position) => {
    expect(() => read(text)).toThrow(new JsonDecodeError(message, position));
    expect(() => read(text)).toThrow(expect.objectContaining({ position }));
  });

  test('bytes that are no UTF-8 are no text', () => {
    expect(() => loads(Buffer.from([0xff]))).toThrow(NotUtf8Error);
  });
});
