import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Operation } from '../operation.ts';
import type { Reject } from '../rejects.ts';
import { openTaobao } from './taobao.ts';

const folder = mkdtempSync(join(tmpdir(), 'seeder-taobao-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string, ...lines: readonly string[]) {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n'));
  const rejects: Reject[] = [];
  const operations: Operation[] = [];
  for await (const operation of (await openTaobao(path)).operations((reject) => rejects.push(reject)))
    operations.push(operation);
  return { operations, rejects };
}

test('a line is one user event at its instant in UTC, and nothing else', async () => {
  const { operations } = await read('a.csv', '1,2268318,2520377,pv,1511544070\r');
  expect(operations.map(({ table, op, row }) => [table, op, row])).toEqual([
    [
      'user_events',
      'insert',
      {
        user_event_id: expect.stringMatching(/^tb-[0-9a-f]{16}-1$/),
        user_id: 1,
        item_id: '2268318',
        category_id: '2520377',
        behavior: 'pv',
        session_id: null,
        event_time: '2017-11-24T17:21:10.000000Z',
      },
    ],
  ]);
});

test('equal lines stay two events, and the same content is the same events under any name', async () => {
  const lines = ['1,2,3,buy,1511544070', '1,2,3,buy,1511544070'];
  const ids = async (name: string) => (await read(name, ...lines)).operations.map(({ row }) => row.user_event_id);
  const first = await ids('a.csv');
  expect(new Set(first).size).toBe(2);
  expect(await ids('b.csv')).toEqual(first);
});

test.each([
  ['x,2,3,pv,1511544070', /user_id/],
  ['1,,3,pv,1511544070', /item_id/],
  ['1,2,3,view,1511544070', /behavior/],
  ['1,2,3,pv,soon', /timestamp/],
  ['1,2,3,pv,99999999999999', /timestamp/],
  ['1,2,3,pv', /fields/],
])('%j is a BAD_VALUE with its line', async (bad, detail) => {
  const { operations, rejects } = await read('c.csv', '1,2,3,pv,1511544070', bad, '1,2,,fav,-1');
  expect(rejects).toEqual([{ file: 'c.csv', line: 2, reason: 'BAD_VALUE', detail: expect.stringMatching(detail) }]);
  expect(operations.map(({ row }) => row.event_time)).toEqual([
    '2017-11-24T17:21:10.000000Z',
    '1969-12-31T23:59:59.000000Z',
  ]);
});

test('a file of another format is refused before anything is written', async () => {
  await expect(read('d.csv', 'InvoiceNo,StockCode')).rejects.toMatchObject({ code: 'INPUT_WRONG_FORMAT' });
});
