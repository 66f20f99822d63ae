import { expect, test } from '@jest/globals';
import { peakMemoryMb } from './peak-memory.ts';

// Linux counts resident pages per processor and sums them now and then, so that two readings may differ by a little.
const COUNTING_ERROR_MB = 8;

test('the peak is at least what the process has now, and stays when memory is given back', () => {
  const before = peakMemoryMb(process.pid);
  expect(before).toBeGreaterThan(10);
  let block: Buffer | undefined = Buffer.alloc(96 * 2 ** 20, 1);
  const during = peakMemoryMb(process.pid);
  expect(during).toBeGreaterThanOrEqual(Math.floor(process.memoryUsage.rss() / 2 ** 20) - COUNTING_ERROR_MB);
  expect(block.length).toBeGreaterThan(0);
  block = undefined;
  if (process.platform !== 'linux') return;
  expect(peakMemoryMb(process.pid)).toBeGreaterThanOrEqual(during - COUNTING_ERROR_MB);
});
