import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type JobRun, type LineageEvent, lineageEvents, tableDataset } from './index.ts';

const READER = fileURLToPath(new URL('./testing/read_events.py', import.meta.url));

/** What OpenLineage's own client says of the events: how many it read, or why it did not. */
function read(events: readonly LineageEvent[]): { count: number; refusal: string } {
  const input = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const { stdout, stderr } = spawnSync('python', [READER], { input, encoding: 'utf8' });
  return { count: Number(stdout), refusal: stderr.trimEnd().split('\n').at(-1) ?? '' };
}

const RUN: JobRun = {
  job: 'transform.customer_features',
  integration: 'dbt',
  jobType: 'MODEL',
  identity: ['transform-1', '1', 'model.tributary.customer_features'],
  parent: { job: 'transform', identity: ['transform-1', '1'] },
  startedAt: new Date('2026-11-21T12:00:00.000Z'),
  endedAt: new Date('2026-11-21T12:00:01.000Z'),
  inputs: [
    tableDataset('p', 'staging', 'orders', {
      description: 'Orders.',
      columns: [{ name: 'order_id', type: 'STRING', description: 'The key.' }, { name: 'kind' }],
      assertions: [{ assertion: 'not_null', success: false, column: 'order_id' }],
    }),
  ],
  outputs: [tableDataset('p', 'marts', 'customer_features', { rows: 3 })],
};

describe('our events, read by the client of OpenLineage', () => {
  test('are whole and of its schemas, those of runs that ended well and of those that failed', () => {
    const failed = { ...RUN, error: { code: 'DBT_SQL_INVALID', message: 'the SQL is not valid' } };
    expect(read([...lineageEvents(RUN), ...lineageEvents(failed)])).toEqual({ count: 4, refusal: '' });
  });

  test.each([
    ['a run id that is no UUID', { run: { runId: 'run-1', facets: {} } }, /UUID/],
    ['a member that the schema has not', { more: 1 }, /more/],
    ['a state that there is not', { eventType: 'DONE' }, /DONE/],
  ])('would be refused with %s', (_what, change, refusal) => {
    const [event] = lineageEvents(RUN);
    expect(read([{ ...event, ...change }]).refusal).toMatch(refusal);
  });
});
