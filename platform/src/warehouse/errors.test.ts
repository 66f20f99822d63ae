import { describe, expect, test } from '@jest/globals';
import {
  isTransientReason,
  LoadJobFailedError,
  LoadRejectedError,
  reasonOf,
  retried,
  retryDelay,
  warehouseError,
} from './errors.ts';

const apiError = (code: number, reason: string, message = 'said BigQuery') =>
  Object.assign(new Error(message), { code, errors: [{ reason }] });

describe('what BigQuery answers', () => {
  test.each([
    [apiError(503, 'backendError'), 'WAREHOUSE_UNAVAILABLE', 'transient'],
    [apiError(403, 'rateLimitExceeded'), 'WAREHOUSE_UNAVAILABLE', 'transient'],
    [apiError(403, 'quotaExceeded'), 'WAREHOUSE_QUOTA_EXCEEDED', 'transient'],
    [apiError(403, 'accessDenied'), 'WAREHOUSE_FORBIDDEN', 'user'],
    [apiError(404, 'notFound'), 'WAREHOUSE_NOT_FOUND', 'user'],
    [apiError(400, 'bytesBilledLimitExceeded'), 'WAREHOUSE_BYTES_LIMIT', 'user'],
    [apiError(400, 'invalidQuery'), 'WAREHOUSE_INVALID', 'user'],
    [apiError(400, 'invalidQuery', 'Could not serialize access to table'), 'WAREHOUSE_UNAVAILABLE', 'transient'],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'WAREHOUSE_UNAVAILABLE', 'transient'],
  ])('%s becomes %s', (error, code, errorClass) => {
    expect(warehouseError('query', error)).toMatchObject({ code, class: errorClass });
  });

  test('a passing fault is repeated until the call succeeds, anything else is not', async () => {
    let calls = 0;
    const result = await retried('query', async () => {
      calls += 1;
      if (calls < 3) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      return 'done';
    });
    expect([result, calls]).toEqual(['done', 3]);

    calls = 0;
    const invalid = retried('query', async () => {
      calls += 1;
      throw apiError(400, 'invalidQuery');
    });
    await expect(invalid).rejects.toMatchObject({ code: 'WAREHOUSE_INVALID' });
    expect(calls).toBe(1);
  });

  test('an answer without a reason is judged by its status', () => {
    expect(reasonOf(Object.assign(new Error('x'), { code: 502 }))).toBe('backendError');
    expect(reasonOf(Object.assign(new Error('x'), { code: 429 }))).toBe('rateLimitExceeded');
    expect(reasonOf(Object.assign(new Error('x'), { code: 404 }))).toBe('notFound');
  });

  test.each([
    'backendError',
    'internalError',
    'jobBackendError',
    'jobInternalError',
    'jobRateLimitExceeded',
    'rateLimitExceeded',
    'tableUnavailable',
    'concurrentUpdate',
    'connection',
  ])('%s is repeated at growing intervals, and not for ever', (reason) => {
    const delays = [1, 2, 3, 4, 5].map((failures) => retryDelay(reason, failures)!);
    expect(delays.every((delay, n) => delay > 0 && (n === 0 || delay > delays[n - 1]!))).toBe(true);
    expect(retryDelay(reason, 6)).toBeUndefined();
    expect(isTransientReason(reason)).toBe(true);
  });

  test.each(['quotaExceeded', 'stopped', 'timeout', 'blocked'])('%s may pass, but not soon', (reason) => {
    expect(retryDelay(reason, 1)).toBeUndefined();
    expect(isTransientReason(reason)).toBe(true);
    const error = new LoadJobFailedError('job', [{ reason, location: undefined, message: '' }], { wasThere: false });
    expect(error.retryInMs(1)).toBeUndefined();
  });

  test.each([
    'invalid',
    'invalidQuery',
    'notFound',
    'accessDenied',
    'duplicate',
    'resourcesExceeded',
    'responseTooLarge',
  ])('%s is held against the request', (reason) => {
    expect([isTransientReason(reason), retryDelay(reason, 1)]).toEqual([false, undefined]);
  });

  test.each(['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND'])(
    'a socket that ends with %s is the connection',
    (code) => {
      expect(reasonOf(Object.assign(new Error('socket'), { code }))).toBe('connection');
    },
  );

  test('the objects that a refused load names are known', () => {
    const faults = [
      { reason: 'invalid', location: 'gs://lake/b', message: 'not Parquet' },
      { reason: 'invalid', location: undefined, message: 'while reading gs://lake/c: no column' },
    ];
    const error = new LoadRejectedError('job', faults, ['gs://lake/a', 'gs://lake/b', 'gs://lake/c']);
    expect(error.refusedUris).toEqual(['gs://lake/b', 'gs://lake/c']);
  });
});
