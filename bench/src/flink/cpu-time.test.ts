import { expect, test } from '@jest/globals';
import { cpuSeconds } from './cpu-time.ts';

test('the processor time of a process grows by what it computes', () => {
  const before = cpuSeconds(process.pid);
  const usage = process.cpuUsage();
  const until = Date.now() + 1_500;
  while (Date.now() < until) Math.sqrt(until);
  const { user, system } = process.cpuUsage(usage);
  // Both clocks tick in hundredths at best; ps on macOS in seconds.
  expect(Math.abs(cpuSeconds(process.pid) - before - (user + system) / 1e6)).toBeLessThan(
    process.platform === 'linux' ? 0.2 : 1.5,
  );
});
