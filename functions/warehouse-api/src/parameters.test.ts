import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compiled } from './declaration.ts';
import { parametersOf } from './parameters.ts';

const declaration = (type: string, more = '') =>
  compiled(
    'q.yaml',
    `{description: d, version: 1, role: r, parameters: {x: {type: ${type}, description: d${more}}}, sql: "SELECT @x AS x", maxBytesBilled: 1, cacheSeconds: 0, pageSize: 1}`,
  );
const value = (type: string, given: unknown, more = '') =>
  parametersOf(declaration(type, more), { x: given })[0]!.value;

describe('parameters', () => {
  test.each<[string, unknown, string]>([
    ['INT64', '007', '7'],
    ['INT64', 7, '7'],
    ['INT64', '-9223372036854775808', '-9223372036854775808'],
    ['INT64', '9007199254740993', '9007199254740993'],
    ['FLOAT64', '1e3', '1000'],
    ['FLOAT64', 0.5, '0.5'],
    ['NUMERIC', '0012.50', '12.50'],
    ['BOOL', 'TRUE', 'true'],
    ['BOOL', false, 'false'],
    ['DATE', '2024-02-29', '2024-02-29'],
    ['TIMESTAMP', '2026-11-21T05:20:02Z', '2026-11-21T05:20:02.000000Z'],
    ['TIMESTAMP', '2026-11-21 05:20:02.123456+01:00', '2026-11-21T04:20:02.123456Z'],
    ['STRING', " ' OR 1=1; -- ", " ' OR 1=1; -- "],
    ['STRING', '', ''],
  ])('%s %j is %s', (type, given, expected) => {
    expect(value(type, given)).toBe(expected);
  });

  test.each<[string, unknown, string]>([
    ['INT64', '1.5', ''],
    ['INT64', '', ''],
    ['INT64', '9223372036854775808', ''],
    // JSON has made 9007199254740992 of it.
    ['INT64', 9007199254740992, ''],
    ['INT64', '0x10', ''],
    ['INT64', '0', ', min: "1"'],
    ['INT64', '101', ', max: "100"'],
    ['FLOAT64', 'NaN', ''],
    ['FLOAT64', '0x10', ''],
    ['NUMERIC', '1.0000000001', ''],
    ['NUMERIC', '1e3', ''],
    ['BOOL', '1', ''],
    ['DATE', '2023-02-29', ''],
    ['DATE', '2026-11-21T00:00:00Z', ''],
    ['TIMESTAMP', '2026-11-21T05:20:02', ''],
    ['TIMESTAMP', '2026-02-30T05:20:02Z', ''],
    ['TIMESTAMP', 'now', ''],
    ['STRING', 'x'.repeat(201), ''],
    ['STRING', 'a\0b', ''],
    ['STRING', 'ab', ', pattern: "[a]"'],
    ['STRING', 'c', ', enum: [a, b]'],
    ['STRING', { a: 1 }, ''],
    ['INT64', ['1', '2'], ''],
  ])('%s %j is refused, with what it has to be', (type, given, more) => {
    expect(() => value(type, given, more)).toThrow(
      expect.objectContaining({ code: 'PARAMETER_INVALID', message: expect.stringMatching(/parameter x .*expected/) }),
    );
  });

  test('one that is missing, or is none of the query, is named with those there are', () => {
    expect(() => parametersOf(declaration('INT64'), {})).toThrow(/x is wrong: it is missing/);
    expect(() => parametersOf(declaration('INT64'), { x: 1, y: 2 })).toThrow(
      /y is wrong: it is not a parameter of q; there are: x/,
    );
    expect(() => parametersOf(declaration('INT64'), { x: 1, __proto__x: 2 })).toThrow(/__proto__x/);
    expect(() => parametersOf(declaration('INT64'), { x: 1, constructor: 2 })).toThrow(/constructor/);
  });

  test('defaults and nulls', () => {
    expect(parametersOf(declaration('INT64', ', default: "05"'), {})[0]!.value).toBe('5');
    expect(parametersOf(declaration('INT64', ', required: false'), {})[0]!.value).toBe(null);
    expect(parametersOf(declaration('INT64', ', required: false'), { x: null })[0]!.value).toBe(null);
  });

  test('arrays', () => {
    const array = ', array: true, maxItems: 3';
    expect(value('INT64', '1,02, 3', array)).toEqual(['1', '2', '3']);
    expect(value('INT64', [1, '2'], array)).toEqual(['1', '2']);
    expect(() => value('INT64', '1,2,3,4', array)).toThrow(/up to 3/);
  });

  test('whatever is given is refused in words or is a value of the type', () => {
    const given = fc.oneof(
      fc.jsonValue(),
      fc.string(),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    const types = fc.constantFrom('STRING', 'INT64', 'FLOAT64', 'NUMERIC', 'BOOL', 'DATE', 'TIMESTAMP');
    fc.assert(
      fc.property(types, given, (type, each) => {
        try {
          const taken = value(type, each, ', required: false') as string | null;
          // The same value, told in the spelling that it was taken in, is the same.
          if (taken !== null) expect(value(type, taken)).toBe(taken);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PARAMETER_INVALID' });
        }
      }),
      { numRuns: 2_000 },
    );
  }, 60_000);
});
