import { describe, expect, test } from '@jest/globals';
import { type HourOfJobs, standing, stretchedSpacing, withJob } from './budget.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 10, 21);

/** Begins a job whenever the spacing allows, for so many hours. Returns when. */
function loadAlways(limit: number, hours: number, spacingMs: number): number[] {
  const begun: number[] = [];
  let spent: HourOfJobs[] = [];
  for (let now = START; now < START + hours * HOUR; now += MINUTE / 2) {
    const budget = standing(spent, limit, now);
    const due = Math.max(spacingMs, stretchedSpacing(budget));
    if (budget.left === 0 || (begun.length > 0 && now - begun.at(-1)! < due)) continue;
    begun.push(now);
    spent = withJob(spent, now);
  }
  return begun;
}

const within = (times: readonly number[], from: number, to: number) =>
  times.filter((time) => time >= from && time < to);

describe('the budget of load jobs', () => {
  test.each([
    [1_000, MINUTE],
    [100, 5 * MINUTE],
    [24, MINUTE],
  ])(
    'of %i is never exceeded in any 24 hours, and lasts for three days of arrivals without an hour of silence at its end',
    (limit, spacing) => {
      const begun = loadAlways(limit, 72, spacing);
      for (const time of begun) expect(within(begun, time, time + 24 * HOUR).length).toBeLessThanOrEqual(limit);
      const longest = Math.max(...begun.map((time, n) => time - (begun[n - 1] ?? time)));
      // Even spacing of the whole day would be 24 hours / limit; the first hours may spend more than their share.
      expect(longest).toBeLessThanOrEqual((12 * 24 * HOUR) / limit);
    },
  );

  test('hardly stretches the spacing while little of it is spent', () => {
    let spent: HourOfJobs[] = [];
    for (let job = 0; job < 100; job += 1) spent = withJob(spent, START);
    expect(stretchedSpacing(standing(spent, 1_000, START))).toBeLessThanOrEqual(10_000);
    expect(stretchedSpacing(standing([], 1_000, START))).toBe(0);
  });

  test('counts a job for a day and at most an hour more', () => {
    const spent = withJob([], START + 59 * MINUTE);
    expect(standing(spent, 5, START + 24 * HOUR + 58 * MINUTE)).toMatchObject({ spent: 1, left: 4 });
    expect(standing(spent, 5, START + 25 * HOUR)).toMatchObject({ spent: 0, left: 5, refillsInMs: 0 });
  });
});
