import { describe, expect, test } from '@jest/globals';
import { type LoadTarget, loadObjects, withinLimits } from './load-jobs.ts';
import { rowsByFooters } from './row-counts.ts';
import { MemoryWarehouse } from './testing/memory-warehouse.ts';

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

describe('the ids of jobs that failed before', () => {
  /** A group whose first so many jobs are there and have failed; resolves with the ids that are asked for. */
  async function loadAfter(failed: number, startAtLast: boolean): Promise<string[]> {
    const warehouse = new MemoryWarehouse();
    const begun: string[] = [];
    const target: LoadTarget = {
      warehouse,
      bucket: 'lake',
      stream: 'orders',
      uri: (name) => `gs://lake/${name}`,
      lastJobId: undefined,
      begin: async (jobId) => void begun.push(jobId),
      mend: async () => false,
      unreadable: async () => new Map(),
    };
    const listener = { loaded: async () => undefined, refused: async () => undefined };
    for (let n = 0; n < failed; n += 1) {
      warehouse.failsFor.push('stopped');
      await expect(loadObjects(target, objects(2, 1), listener)).rejects.toMatchObject({ wasThere: false });
    }
    const lastJobId = begun.at(-1);
    begun.length = 0;
    await loadObjects(startAtLast ? { ...target, lastJobId } : target, objects(2, 1), listener);
    return begun.map((jobId) => /_\d+$/.exec(jobId)?.[0] ?? 'first');
  }

  test('are passed over at once, however many', async () => {
    const asked = await loadAfter(30, false);
    expect([asked.length, asked[0], asked.at(-1)]).toEqual([31, 'first', '_31']);
  });

  test('are not asked for again before the one that was begun last', async () => {
    expect(await loadAfter(30, true)).toEqual(['_30', '_31']);
  });
});
