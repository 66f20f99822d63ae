import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Account, afterLook, lookFrom } from './account.ts';
import type { BilledJob } from './billed-jobs.ts';
import { quotaDay } from './day.ts';

const MINUTE = 60_000;
/** Three in the afternoon in California. */
const NOON = Date.parse('2026-11-21T23:00:00Z');

function job(id: string, createdAt: number, runs: number, bytesBilled: number, labels = {}) {
  return { id, kind: 'QUERY', createdAt, endsAt: createdAt + runs, bytesBilled, labels };
}

/** What BigQuery lists of those jobs at an instant. */
function listed(jobs: readonly ReturnType<typeof job>[], from: number, now: number): BilledJob[] {
  return jobs
    .filter(({ createdAt }) => createdAt >= from && createdAt <= now)
    .map(({ endsAt, bytesBilled, ...each }) => {
      const ended = endsAt <= now;
      return { ...each, endedAt: ended ? endsAt : undefined, bytesBilled: ended ? bytesBilled : 0 };
    });
}

function look(account: Account | undefined, jobs: readonly ReturnType<typeof job>[], now: number) {
  return afterLook(account, listed(jobs, lookFrom(account, now), now), now);
}

test("a day is a day of BigQuery's quotas: midnight to midnight Pacific Time, in winter and in summer", () => {
  expect(quotaDay(Date.parse('2026-11-21T07:59:59Z'))).toBe('2026-11-20');
  expect(quotaDay(Date.parse('2026-11-21T08:00:00Z'))).toBe('2026-11-21');
  expect(quotaDay(Date.parse('2026-07-01T06:59:59Z'))).toBe('2026-06-30');
  expect(quotaDay(Date.parse('2026-07-01T07:00:00Z'))).toBe('2026-07-01');
});

describe('the account', () => {
  test('every job counts once, whenever the looks come and however long it runs', () => {
    const drawn = fc.record({
      at: fc.integer({ min: 0, max: 120 }),
      runs: fc.integer({ min: 0, max: 200 }),
      bytes: fc.integer({ min: 0, max: 1_000 }),
    });
    const looks = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 30 }), looks, (draws, minutes) => {
        const jobs = draws.map(({ at, runs, bytes }, n) => job(`job-${n}`, NOON + at * MINUTE, runs * MINUTE, bytes));
        let account: Account | undefined;
        const ended: string[] = [];
        // The last look comes when all has ended.
        for (const minute of [...minutes.toSorted((a, b) => a - b), 330]) {
          const next = look(account, jobs, NOON + minute * MINUTE);
          account = next.account;
          ended.push(...next.ended.map(({ id }) => id));
        }
        expect(account!.bytes).toBe(jobs.reduce((sum, { bytesBilled }) => sum + bytesBilled, 0));
        expect(ended.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      }),
    );
  });

  test('a new day begins with nothing; a job that ran over midnight belongs to the day it was created', () => {
    const late = Date.parse('2026-11-21T07:50:00Z');
    const jobs = [job('over', late, 20 * MINUTE, 70), job('before', late, MINUTE, 5)];
    const before = look(undefined, jobs, late + 2 * MINUTE).account;
    expect(before).toMatchObject({ day: '2026-11-20', bytes: 5 });
    const { account, ended } = look(before, jobs, late + 30 * MINUTE);
    expect(account).toMatchObject({ day: '2026-11-21', bytes: 0 });
    expect(ended.map(({ id }) => id)).toEqual(['over']);
  });

  test('clocks that disagree at midnight begin the new day once', () => {
    const midnight = Date.parse('2026-11-21T08:00:00Z');
    const jobs = [job('new', midnight + 1_000, 1, 40)];
    const ahead = look(undefined, jobs, midnight + MINUTE).account;
    const behind = look(ahead, jobs, midnight - MINUTE).account;
    const next = look(behind, jobs, midnight + 2 * MINUTE).account;
    expect([ahead, behind, next].map(({ day, bytes }) => `${day} ${bytes}`)).toEqual(Array(3).fill('2026-11-21 40'));
  });

  test('the bytes of a day are told by stage', () => {
    const jobs = [
      job('a', NOON, 1, 10, { stage: 'load' }),
      job('b', NOON, 1, 20, { component: 'dbt' }),
      job('c', NOON, 1, 30, { stage: 'load' }),
      job('d', NOON, 1, 1),
    ];
    expect(look(undefined, jobs, NOON + MINUTE).account.stages).toEqual({ load: 40, dbt: 20, unknown: 1 });
  });
});
