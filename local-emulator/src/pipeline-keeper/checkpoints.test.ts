import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { newestCheckpoint } from './checkpoints.ts';

function folderWith(...checkpoints: { job: string; number: number; complete: boolean; time: number }[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  for (const { job, number, complete, time } of checkpoints) {
    const path = join(folder, job, `chk-${number}`);
    mkdirSync(path, { recursive: true });
    if (!complete) continue;
    writeFileSync(join(path, '_metadata'), '');
    utimesSync(join(path, '_metadata'), time, time);
  }
  return folder;
}

test('the newest checkpoint is the one completed last, whichever job wrote it', () => {
  const folder = folderWith(
    { job: 'first', number: 40, complete: true, time: 1_000 },
    { job: 'second', number: 3, complete: true, time: 2_000 },
  );
  expect(newestCheckpoint(folder)).toBe(join(folder, 'second', 'chk-3'));
});

test('a checkpoint without metadata is not complete and is never taken', () => {
  const folder = folderWith(
    { job: 'job', number: 1, complete: true, time: 1_000 },
    { job: 'job', number: 2, complete: false, time: 2_000 },
  );
  expect(newestCheckpoint(folder)).toBe(join(folder, 'job', 'chk-1'));
});

test('without any checkpoint the job starts from the beginning', () => {
  expect(newestCheckpoint(folderWith())).toBeUndefined();
  expect(newestCheckpoint('/there/is/no/such/folder')).toBeUndefined();
});
