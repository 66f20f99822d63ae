import { expect, test } from '@jest/globals';
import type { Operation } from './operation.ts';
import { type Pace, Pacer, parseRate, parseSpeed, wait } from './pace.ts';

const at = (seconds: number): Operation => ({
  time: seconds * 1_000_000,
  table: 'orders',
  op: 'delete',
  row: {},
  origin: { file: 'f', line: 1 },
});

/** Milliseconds that the operations take. */
async function play(pace: Pace, operations: readonly Operation[]): Promise<number> {
  const pacer = new Pacer(pace);
  const started = performance.now();
  for (const operation of operations) await wait(pacer.delay(operation), undefined);
  return performance.now() - started;
}

test('a rate spreads operations evenly, whatever their recorded time', async () => {
  const milliseconds = await play(
    parseRate('500/s'),
    Array.from({ length: 151 }, () => at(0)),
  );
  expect(milliseconds).toBeGreaterThanOrEqual(295);
  expect(milliseconds).toBeLessThan(1_000);
});

test('a speed keeps the recorded distances, so many times shorter', async () => {
  const milliseconds = await play(parseSpeed('3600'), [at(5_000), at(5_000), at(5_000 + 1_080)]);
  expect(milliseconds).toBeGreaterThanOrEqual(295);
  expect(milliseconds).toBeLessThan(1_000);
});

test('without a pace nothing waits', async () => {
  expect(new Pacer({ kind: 'unlimited' }).delay(at(10 ** 9))).toBe(0);
});

test('waiting stops when told to', async () => {
  await expect(wait(60_000, AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'AbortError' });
});

test.each(['0', '-5', 'fast', '', '500/m', 'Infinity'])('%j is no rate and no speed', (text) => {
  expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: 'PACE_INVALID' }));
  expect(() => parseSpeed(text)).toThrow(expect.objectContaining({ code: 'PACE_INVALID' }));
});
