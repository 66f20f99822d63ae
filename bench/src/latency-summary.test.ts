import { expect, test } from '@jest/globals';
import { quantiles } from './latency-summary.ts';

test('a quantile is the smallest value that is not below that share of all', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(quantiles(hundred)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
});

test('one value is all of them', () => {
  expect(quantiles([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
});
