import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readBatch } from './batch.ts';

describe('a batch', () => {
  test('gives each element its original text, whatever strings and nesting it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 2), (values, indent) => {
        const elements = readBatch(JSON.stringify(values, null, indent));
        expect(elements.map((element) => element.value)).toEqual(JSON.parse(JSON.stringify(values)));
        expect(elements.map((element) => JSON.parse(element.text()))).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  test('keeps the text of an element to the byte', () => {
    const texts = ['{"a":  "]\\\\\\",[" }', '"x,y"', '-1.50e3', '[[],{"b":[1]}]', 'null'];
    expect(readBatch(`[ ${texts.join(' ,\n')} ]`).map((element) => element.text())).toEqual(texts);
  });

  test('reads integers beyond 2^53 exactly when asked to, and leaves floats alone', () => {
    const [first] = readBatch(
      '[{"a":9007199254740993,"b":[-9223372036854775808],"c":1.0E300,"d":5,"e":"9007199254740993"}]',
    );
    expect(first!.exact()).toEqual({
      a: 9007199254740993n,
      b: [-9223372036854775808n],
      c: 1e300,
      d: 5,
      e: '9007199254740993',
    });
  });

  test.each(['', '{}', 'null', '[1,', '"secret"'])(
    'that is no JSON array is refused without quoting it: %j',
    (text) => {
      expect(() => readBatch(text)).toThrow(
        expect.objectContaining({ code: 'BATCH_UNREADABLE', message: expect.not.stringContaining('secret') }),
      );
    },
  );
});
