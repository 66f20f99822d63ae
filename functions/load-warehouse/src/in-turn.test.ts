import { expect, test } from '@jest/globals';
import { inTurn } from './in-turn.ts';

test('what fails holds up nothing behind it, and the first failure is thrown in the end', async () => {
  const done: number[] = [];
  const failing = (n: number) => async () => {
    done.push(n);
    throw new Error(`failed ${n}`);
  };
  const all = inTurn([failing(1), failing(2), async () => done.push(3)]);
  await expect(all).rejects.toThrow('failed 1');
  expect(done).toEqual([1, 2, 3]);
  await expect(inTurn([async () => done.push(4)])).resolves.toBeUndefined();
});
