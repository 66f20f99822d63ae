import { describe, expect, test } from '@jest/globals';
import { withinLimits } from './load-jobs.ts';
import { rowsByFooters } from './row-counts.ts';

const TERABYTE = 1024 ** 4;
const objects = (count: number, size: number) =>
  Array.from({ length: count }, (_, n) => ({ name: `part-${n}`, generation: '1', size }));

describe('objects are divided into jobs', () => {
  test.each([
    ['10,000 to a job', objects(25_000, 1_000), [10_000, 10_000, 5_000]],
    ['15 TB to a job', objects(7, 4 * TERABYTE), [3, 3, 1]],
    ['one alone that is larger', objects(2, 16 * TERABYTE), [1, 1]],
    ['none at all', [], []],
  ])('%s', (_, all, sizes) => {
    const groups = withinLimits(all);
    expect(groups.map((group) => group.length)).toEqual(sizes);
    expect(groups.flat()).toEqual(all);
  });
});

describe("a job's rows are divided among its objects", () => {
  const file = (rows: number) => ({ kind: 'parquet', rows }) as const;
  const unreadable = { kind: 'unreadable', why: 'cut off' } as const;
  const gone = { kind: 'gone' } as const;

  test.each([
    ['by their footers', 5, [file(2), file(0), file(3)], [2, 0, 3], undefined],
    ['and the one whose footer is lost has what is left', 5, [file(2), gone], [2, 3], undefined],
    ['and one alone has all', 5, [unreadable], [5], undefined],
    ['and what does not add up is told', 6, [file(2), file(3)], [2, 3], /5 rows, the job loaded 6/],
    ['and what one alone does not have is told', 6, [file(5)], [6], /5 rows, the job loaded 6/],
    ['and what cannot be known is told', 6, [file(2), gone, unreadable], [2, null, null], /2 footers/],
    ['and less than nothing is nobody’s', 1, [file(2), gone], [2, null], /1 footers/],
  ])('%s', (_, rows, footers, counts, differs) => {
    const result = rowsByFooters(rows, footers);
    expect(result.counts).toEqual(counts);
    if (differs === undefined) expect(result.differs).toBeUndefined();
    else expect(result.differs).toMatch(differs);
  });
});
