import { expect, test } from '@jest/globals';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { Incidents } from '@tributary/platform/incidents';
import { checkWarehouse } from './check-warehouse.ts';
import { readResult } from './result.ts';

test('a view that a later transformation failed is held, though an earlier one let it go on', async () => {
  const lake = new MemoryLake();
  const failed = (owner: string, name: string, view: string) =>
    new Incidents(lake, 'lake', owner).settle(
      [{ name, code: 'WRONG', message: 'why', views: [view], runbook: 'r' }],
      () => undefined,
      { runId: 'run-2' },
      async () => undefined,
    );
  await failed('transform', 'dbt:test.v', 'v');
  // What a gate itself found is looked at again: else nothing would find it right.
  await failed('validate', 'gate:features:marts.b', 'b');
  const asked: string[] = [];
  const result = await checkWarehouse(
    { streams: ['orders'], views: ['b', 'c', 'v'] },
    { c: ['orders'] },
    { lake, bucket: 'lake' },
    async (args) => {
      asked.push(...args);
      return readResult({ held: { c: ['orders'] } });
    },
  );
  expect(asked.join(' ')).toBe('--gate warehouse --streams orders --views b,c --depends {"c":["orders"]}');
  expect(result.held).toEqual({ c: ['orders'], v: ['dbt:test.v'] });
});
