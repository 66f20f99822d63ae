import { expect, test } from '@jest/globals';
import { summarizeGc } from './gc-log.ts';

test('the live heap is the most that a collection left, and pauses add up', () => {
  const log = `[0.012s][info][gc] Using Parallel
[1.100s][info][gc] GC(0) Pause Young (Allocation Failure) 256M->41M(981M) 21.500ms
[2.300s][info][gc] GC(1) Pause Young (Metadata GC Threshold) 120M->52M(981M) 8.500ms
[2.400s][info][gc] GC(2) Pause Full (Metadata GC Threshold) 52M->38M(981M) 70.000ms
`;
  expect(summarizeGc(log)).toEqual({ peakLiveMb: 52, pauseSeconds: 0.1 });
});

test('a process that never collected needed no heap that could be told', () => {
  expect(summarizeGc('')).toEqual({ peakLiveMb: 0, pauseSeconds: 0 });
});
