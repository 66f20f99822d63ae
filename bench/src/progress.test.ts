import { describe, expect, test } from '@jest/globals';
import { steadyRate } from './progress.ts';

describe('the steady rate', () => {
  test('leaves out the time before 35 % of the records, between two looks in proportion', () => {
    const samples = [
      { at: 0, records: 0 },
      // A slow start: 300 in ten seconds, then 100 a second.
      { at: 10_000, records: 300 },
      { at: 12_000, records: 500 },
      { at: 17_000, records: 1_000 },
    ];
    expect(steadyRate(samples, 1_000)).toBeCloseTo(100);
  });

  test('ends with the look that first found all of them', () => {
    const samples = [
      { at: 0, records: 0 },
      { at: 1_000, records: 350 },
      { at: 2_000, records: 1_000 },
      { at: 9_000, records: 1_000 },
    ];
    expect(steadyRate(samples, 1_000)).toBeCloseTo(650);
  });

  test('a source that was not read to its end has none', () => {
    expect(() =>
      steadyRate(
        [
          { at: 0, records: 0 },
          { at: 1, records: 999 },
        ],
        1_000,
      ),
    ).toThrow(RangeError);
  });
});
