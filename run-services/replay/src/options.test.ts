import { expect, test } from '@jest/globals';
import { readOptions } from './options.ts';

test('what is left out means everything, and ten seconds of waiting', () => {
  expect(readOptions('orders', {})).toEqual({ stream: 'orders', dryRun: false, waitMs: 10_000 });
});

test('a trial waits for nothing', () => {
  expect(readOptions('orders', { dryRun: true, wait: '60' })).toMatchObject({ dryRun: true, waitMs: 0 });
});

test('a day and a time are both times', () => {
  expect(readOptions('orders', { since: '2026-11-21' }).since).toEqual(new Date('2026-11-21T00:00:00Z'));
  expect(readOptions('orders', { since: '2026-11-21T05:20:00+01:00' }).since).toEqual(new Date('2026-11-21T04:20:00Z'));
});

test.each([
  [{ stage: 'warehouse' }, '--stage: '],
  [{ since: 'yesterday' }, '--since: expected a time such as'],
  [{ wait: 'long' }, '--wait: expected seconds'],
  [{ wait: '-1' }, '--wait: '],
  [{ reason: '' }, '--reason: '],
])('%j is refused by its option', (typed, message) => {
  expect(() => readOptions('orders', typed)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
  );
});
