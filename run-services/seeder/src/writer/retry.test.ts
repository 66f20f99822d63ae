import { describe, expect, test } from '@jest/globals';
import { codeOf, withRetry } from './retry.ts';

const target = '127.0.0.1:1/app';
const failure = (code: string) => Object.assign(new Error(`driver says ${code}`), { code });

describe('withRetry', () => {
  test.each(['57P01', '57P03', '40P01', 'ECONNREFUSED', 'ECONNRESET'])(
    '%s is repeated until it passes',
    async (code) => {
      let calls = 0;
      const seen: string[] = [];
      const result = await withRetry(
        async () => {
          calls += 1;
          if (calls < 3) throw failure(code);
          return 'done';
        },
        { target, onRetry: (retry) => seen.push(retry.code) },
      );
      expect([result, calls, seen]).toEqual(['done', 3, [code, code]]);
    },
  );

  test('a database that stays away ends in one message that says what, where and what next', async () => {
    await expect(
      withRetry(() => Promise.reject(failure('ECONNREFUSED')), { target, limitMs: 300 }),
    ).rejects.toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      class: 'transient',
      message: expect.stringMatching(/127\.0\.0\.1:1\/app .*ECONNREFUSED.*resumes/),
    });
  });

  test.each([
    ['28P01', /PGPASSWORD/],
    ['3D000', /PGDATABASE/],
    ['42P01', /migrat/],
    ['53100', /disk/],
  ])('%s is not repeated: a person has to mend it', async (code, message) => {
    let calls = 0;
    const action = () => {
      calls += 1;
      return Promise.reject(failure(code));
    };
    await expect(withRetry(action, { target })).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      message: expect.stringMatching(message),
    });
    expect(calls).toBe(1);
  });

  test('an unknown error is passed on as it is', async () => {
    const error = failure('XX000');
    await expect(withRetry(() => Promise.reject(error), { target })).rejects.toBe(error);
  });

  test('stopping ends the waiting at once', async () => {
    const stop = new AbortController();
    const waiting = withRetry(() => Promise.reject(failure('57P03')), {
      target,
      signal: stop.signal,
      onRetry: () => stop.abort(),
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('a lost connection is told from words where the driver gives no code, and from the first of several attempts', () => {
  expect(codeOf(new Error('Connection terminated unexpectedly'))).toBe('CONNECTION_LOST');
  expect(codeOf(new AggregateError([failure('ECONNREFUSED')], ''))).toBe('ECONNREFUSED');
  expect(codeOf(new Error('something else'))).toBe('UNKNOWN');
});
