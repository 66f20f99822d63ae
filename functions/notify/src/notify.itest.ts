import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { chainPublished, type RunningFunction, startFunction } from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { chainEvent } from '@tributary/platform/events';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';

let stack: TestStack;
let warehouse: Warehouse;
let notify: RunningFunction;

beforeAll(async () => {
  stack = await startComponents(['minio', 'bigquery'], { needs: false });
  warehouse = createWarehouse(readConfigFrom(stack.env, 'warehouse').warehouse);
  await warehouse.migrate();
  notify = await startFunction('notify', stack.env);
}, 300_000);

afterAll(async () => {
  await notify?.stop();
  await stack?.stop();
}, 60_000);

describe('notify under the functions framework', () => {
  test('every event is one row of ops.events, however often it is told, and a failure is in the log', async () => {
    const loaded = chainEvent({ type: 'warehouse.loaded', runId: 'run-1', streams: ['orders'], counts: { rows: 3 } });
    const failed = chainEvent({
      type: 'transform.finished',
      runId: 'run-1',
      cause: loaded.event_id,
      error: { code: 'DBT_NODES_FAILED', message: 'secret value' },
    });
    // Whoever tells it died in between and began anew: the same event, a little later.
    const again = { ...loaded, time: new Date(Date.parse(loaded.time) + 1_000).toISOString() };
    for (const event of [loaded, loaded, again, failed, failed])
      expect(await notify.post(chainPublished(event))).toBe(204);
    const rows = await warehouse.query(
      'SELECT event_id, type, cause, status, streams, payload FROM ops.events ORDER BY type',
    );
    expect(rows.map(({ event_id, type, cause, status, streams }) => [event_id, type, cause, status, streams])).toEqual([
      [failed.event_id, 'transform.finished', loaded.event_id, 'failed', '[]'],
      [loaded.event_id, 'warehouse.loaded', null, 'ok', '["orders"]'],
    ]);
    expect(JSON.parse(rows[1]!.payload as string)).toEqual(loaded);
    expect(notify.log()).toContain('"severity":"ERROR"');
    expect(notify.log()).not.toContain('secret value');
  }, 60_000);
});
