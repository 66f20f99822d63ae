import { describe, expect, test } from '@jest/globals';
import { readRequest } from './request.ts';

const COMPLETE = ['--manifest', 'transform-7', '--attempt', '2', '--run-id', 'run-1'];

describe('readRequest', () => {
  test('reads what the transform function sends', () => {
    const argv = [...COMPLETE, '--streams', 'orders,order_lines', '--cause', 'abc', '--traceparent', '00-1-2-01'];
    expect(readRequest(argv)).toEqual({
      manifest: 'transform-7',
      attempt: 2,
      streams: ['orders', 'order_lines'],
      runId: 'run-1',
      cause: 'abc',
      traceparent: '00-1-2-01',
    });
  });

  test('without streams, all of them are meant', () => {
    expect(readRequest([...COMPLETE, '--streams', '']).streams).toEqual([]);
    expect(readRequest(COMPLETE).streams).toEqual([]);
  });

  test.each([
    ['a missing argument', ['--manifest', 'm', '--attempt', '1'], 'run-id'],
    ['an attempt that is no number', ['--manifest', 'm', '--attempt', 'one', '--run-id', 'r'], 'attempt'],
    ['an unknown argument', [...COMPLETE, '--full'], '--full'],
  ])('%s is named, with the usage', (_what, argv, named) => {
    expect(() => readRequest(argv)).toThrow(
      expect.objectContaining({
        code: 'JOB_ARGUMENTS',
        message: expect.stringMatching(new RegExp(`${named}[^]*Usage:`)),
      }),
    );
  });
});
