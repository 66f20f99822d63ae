import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readCsvRecords } from './csv-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'seeder-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function records(content: string | Buffer) {
  const path = join(folder, 'file.csv');
  writeFileSync(path, content);
  const found: unknown[] = [];
  for await (const record of readCsvRecords({ path, name: 'file.csv' })) {
    found.push(
      'cells' in record
        ? [record.line, ...record.cells]
        : [record.line, { problem: record.problem, first: record.first }],
    );
  }
  return found;
}

describe('readCsvRecords', () => {
  test('Windows line ends, a byte order mark, blank lines and a missing last line feed change nothing', async () => {
    expect(await records('\ufeffa,b\r\n\r\n1,2\r\n3,4')).toEqual([
      [1, 'a', 'b'],
      [3, '1', '2'],
      [4, '3', '4'],
    ]);
  });

  test('quoted fields may hold commas, quotes and line feeds, and records keep the number of their first line', async () => {
    expect(await records('a,b\n1,"x, ""y"""\n2,"two\nlines"\n3,z\n')).toEqual([
      [1, 'a', 'b'],
      [2, '1', 'x, "y"'],
      [3, '2', 'two\nlines'],
      [5, '3', 'z'],
    ]);
  });

  test('a quote inside an unquoted field stands for itself', async () => {
    expect(await records('a,b\n1,FRAME 7" WIDE\n2,z\n')).toEqual([
      [1, 'a', 'b'],
      [2, '1', 'FRAME 7" WIDE'],
      [3, '2', 'z'],
    ]);
  });

  test('a quote that never ends loses its own line only, and says so', async () => {
    const problem = { problem: 'a quoted field does not end', first: '1' };
    const after = Array.from({ length: 50 }, (_, index) => `${index},z`);
    expect(await records(['a,b', '1,"stray', '2,"x, y"', ...after].join('\n'))).toEqual([
      [1, 'a', 'b'],
      [2, problem],
      [3, '2', 'x, y'],
      ...after.map((text, index) => [index + 4, ...text.split(',')]),
    ]);
    expect(await records('a,b\n1,"stray')).toEqual([
      [1, 'a', 'b'],
      [2, problem],
    ]);
  });

  test('Latin-1 and UTF-8 lines are both read, side by side', async () => {
    expect(await records(Buffer.concat([Buffer.from('a\n£40 é\n'), Buffer.from('\xa340 \xe9\n', 'latin1')]))).toEqual([
      [1, 'a'],
      [2, '£40 é'],
      [3, '£40 é'],
    ]);
  });

  test('characters that other readers take for line ends do not end a line', async () => {
    expect(await records('a,b\n1,x\u2028y\u0085z\n')).toEqual([
      [1, 'a', 'b'],
      [2, '1', 'x\u2028y\u0085z'],
    ]);
  });
});
