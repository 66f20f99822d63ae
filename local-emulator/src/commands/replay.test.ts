import { expect, test } from '@jest/globals';
import { printed } from './replay.ts';

const letter = { stage: 'bridge', reason: 'CONTRACT_VIOLATION' } as const;

test('a replay is told by stage and reason, and why the rest stays', () => {
  const text = printed(
    'orders',
    {
      outcomes: [
        { ...letter, name: 'a', state: 'replayed' },
        { ...letter, name: 'b', state: 'refused', why: 'status is absent' },
        { ...letter, name: 'c', state: 'refused', why: 'status is absent' },
        { stage: 'landing', reason: 'BAD_LINE', name: 'd', state: 'final', why: 'drop a file' },
      ],
      earlier: { pipeline: 7 },
    },
    false,
  );
  expect(text).toMatch(/bridge\s+CONTRACT_VIOLATION\s+1\s+2\s+0\n/);
  expect(text).toMatch(/landing\s+BAD_LINE\s+0\s+0\s+1\n/);
  expect(text).toContain('2 × status is absent\n      such as b\n');
  expect(text).toContain('Replayed earlier, and left alone: 7 of pipeline.');
});

test('nothing to do is said', () => {
  expect(printed('orders', { outcomes: [], earlier: {} }, true)).toBe('Nothing of orders waits to be replayed.\n');
});
