import { describe, expect, test } from '@jest/globals';
import { loadContracts } from '@tributary/platform/contracts';
import { ErasedSubjects } from '@tributary/platform/erasures';
import { erasureIds, parsePiiKeys } from '@tributary/platform/pii';
import { dumps } from '../python/dumps.ts';
import { loads, type PyObject } from '../python/json.ts';
import { ValueType } from '../registry/value-type.ts';
import { toDataFrame } from './dataframe.ts';
import { isOfErased, withoutErased } from './without-erased.ts';

const KEYS = parsePiiKeys(JSON.stringify({ active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } }));
const CONTRACTS = loadContracts();
const SEVEN = new ErasedSubjects(new Map([['customer', new Set(erasureIds('customer', '7', KEYS))]]), CONTRACTS, KEYS);
const NOBODY = new ErasedSubjects(new Map(), CONTRACTS, KEYS);

/** `df` as JSON text, without rows of customer 7, as JSON text. */
function left(json: string, erased: ErasedSubjects | undefined = SEVEN): string {
  const df = loads(Buffer.from(json)) as PyObject;
  return dumps(withoutErased(df, toDataFrame(df), erased).df, { allowNan: true });
}

describe('a data frame for Python', () => {
  test.each([
    ['a list', '{"customer_id":[7,8],"v":[1,2]}', '{"customer_id":[8],"v":[2]}'],
    ['floats, as of a column with a null', '{"customer_id":[7.0,null],"v":[1,2]}', '{"customer_id":[null],"v":[2]}'],
    ['texts that Python reads as a number', '{"customer_id":[" 007","8"],"v":[1,2]}', '{"customer_id":["8"],"v":[2]}'],
    ['rows by name, as of to_dict()', '{"user_id":{"a":7,"b":8},"v":{"a":1,"b":2}}', '{"user_id":{"b":8},"v":{"b":2}}'],
    ['a struct', '{"v":[{"customer_id":7},{"customer_id":8}]}', '{"v":[{"customer_id":8}]}'],
    ['one value for all rows', '{"customer_id":7,"v":[1,2]}', '{"customer_id":7,"v":[]}'],
  ])('is rid of the rows of somebody who was erased: %s', (_form, sent, expected) => {
    expect(left(sent)).toBe(expected);
  });

  test('is otherwise what was sent, to the last digit', () => {
    expect(left('{"customer_id":[7,9007199254740993],"v":[1,NaN],"w":[1,1.0]}')).toBe(
      '{"customer_id":[9007199254740993],"v":[NaN],"w":[1.0]}',
    );
  });

  test.each([
    ['nobody of it was erased', '{"customer_id":[8,77],"quantity":[7,7]}', SEVEN],
    ['nobody ever was', '{"customer_id":[7]}', NOBODY],
    ['nobody is asked', '{"customer_id":[7]}', undefined],
  ])('is the same object where %s', (_case, json, erased) => {
    const df = loads(Buffer.from(json)) as PyObject;
    expect(withoutErased(df, toDataFrame(df), erased).df).toBe(df);
  });
});

describe('a row to be stored', () => {
  const stored = (name: string, data: Parameters<typeof value>[0]) => new Map([[name, [value(data)]]]);
  const value = (data: number | bigint | string | Buffer | readonly number[]) => ({ type: ValueType.INT64, data });

  test.each([7, 7n, '7', [1, 7]])('is told by its key or a feature: %p', (data) => {
    expect(isOfErased(stored('customer_id', data), 0, SEVEN)).toBe(true);
  });

  test('is told within a map', () => {
    const map = { type: ValueType.MAP, data: { entries: [['user_id', value(7)]] as const } };
    expect(isOfErased(new Map([['v', [map]]]), 0, SEVEN)).toBe(true);
  });

  test.each([
    ['another number', stored('customer_id', 77)],
    ['another member', stored('quantity', 7)],
    ['bytes', stored('customer_id', Buffer.from([7]))],
    ['nothing', new Map([['customer_id', [undefined]]])],
  ])('is not %s', (_case, columns) => {
    expect(isOfErased(columns, 0, SEVEN)).toBe(false);
  });
});
