import { expect, test } from '@jest/globals';
import { GroupCommit } from '@tributary/platform/group-commit';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { z } from 'zod';
import { untilChainForgot, untilLandingEnded } from './open-work.ts';

test('a landing file that is read when an erasure begins is waited for; what begins later, and other stages, are not', async () => {
  const lake = new MemoryLake();
  const commit = new GroupCommit({ lake, bucket: 'lake', name: 'landing-batch', payload: z.string() });
  const read = async (file: string) => {
    await commit.record(file, file);
    await commit.startNext({ start: async () => 'job', state: async () => 'running', failed: async () => undefined });
    return (await commit.openManifest())!;
  };
  const first = await read('a');
  const told: string[] = [];
  const ports = { lake, lakeBucket: 'lake', progress: (text: string) => told.push(text) };
  await untilChainForgot(ports);
  expect(told).toEqual([]);

  await untilLandingEnded({
    ...ports,
    progress: (text) => {
      told.push(text);
      void commit.finish(first.id, first.attempt, null).then(() => read('b'));
    },
  });
  expect(told).toEqual([`waiting for ${first.id}, which began before`]);
  expect((await commit.openManifest())!.id).not.toBe(first.id);
});
