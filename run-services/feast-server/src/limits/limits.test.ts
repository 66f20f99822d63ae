import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { Exchange } from '../http/exchange.ts';
import { Admission, deadlines, readLimits, requireRequestSize } from './index.ts';

function exchange(headers: Record<string, string> = {}, route = '/get-online-features'): Exchange {
  const made = new Exchange({ method: 'POST', url: route, headers } as unknown as IncomingMessage);
  made.route = route;
  return made;
}
const refusal = (code: string, status: number) => expect.objectContaining({ code, status });

describe('Admission', () => {
  const room = { maxRequestsAtWork: 2, maxBytesAtWork: 100, maxBodyBytes: 80 };

  test('beyond the number of requests the answer is 503 with Retry-After, until one has left', () => {
    const admission = new Admission(room);
    const first = exchange();
    admission.admit(first);
    admission.admit(exchange());
    expect(() => admission.admit(exchange())).toThrow(refusal('OVERLOADED', 503));
    expect(() => admission.admit(exchange())).toThrow(
      expect.objectContaining({ headers: { 'retry-after': expect.stringMatching(/^[1-9]/) } }),
    );
    admission.leave(first);
    admission.admit(exchange());
    expect(admission.requests).toBe(2);
  });

  test('bytes at work are bounded, and counted back once however often a request leaves', () => {
    const admission = new Admission(room);
    const large = exchange({ 'content-length': '70' });
    admission.admit(large);
    expect(() => admission.admit(exchange({ 'content-length': '31' }))).toThrow(refusal('OVERLOADED', 503));
    admission.leave(large);
    admission.leave(large);
    expect([admission.bytes, admission.requests]).toEqual([0, 0]);
    admission.admit(exchange({ 'content-length': '31' }));
    expect(admission.bytes).toBe(31);
  });

  test('a body without a length counts as the longest one', () => {
    const admission = new Admission(room);
    admission.admit(exchange({ 'transfer-encoding': 'chunked' }));
    expect(admission.bytes).toBe(80);
  });

  test('one request alone is let in however small the room', () => {
    const admission = new Admission({ ...room, maxBytesAtWork: 10 });
    admission.admit(exchange({ 'content-length': '70' }));
    expect(admission.requests).toBe(1);
  });

  test('nothing is let in once the server ends', () => {
    const admission = new Admission(room);
    admission.close();
    expect(() => admission.admit(exchange())).toThrow(refusal('DRAINING', 503));
  });
});

test('a request for too many values is a 400 that says how many, and how many there may be', () => {
  requireRequestSize(100, 50, 5_000);
  expect(() => requireRequestSize(101, 50, 5_000)).toThrow(
    expect.objectContaining({ status: 400, message: expect.stringMatching(/101 entities × 50 features .*5000/) }),
  );
});

describe('deadlines', () => {
  const deadlineMs = deadlines({ readDeadlineMs: 100, writeDeadlineMs: 1_000 });

  test('reads and writes have their own', () => {
    expect(deadlineMs(exchange())).toBe(100);
    expect(deadlineMs(exchange({}, '/push'))).toBe(1_000);
  });

  test.each([
    ['20', 20],
    ['100000', 100],
    ['0', 100],
    ['soon', 100],
  ])("a caller's own of %s ms makes it %s ms", (own, expected) => {
    expect(deadlineMs(exchange({ 'x-envoy-expected-rq-timeout-ms': own }))).toBe(expected);
  });
});

test('limits have defaults, and one that is no number is named', () => {
  expect(readLimits({})).toMatchObject({ readDeadlineMs: 2_000, maxFeatureValues: 200_000 });
  expect(() => readLimits({ MAX_REQUESTS_AT_WORK: '0' })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
