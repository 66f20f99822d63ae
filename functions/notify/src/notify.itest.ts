import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { chainPublished, type RunningFunction, startFunction } from '@tributary/platform/cloud-function/testing';
import { readConfigFrom } from '@tributary/platform/config';
import { chainEvent } from '@tributary/platform/events';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { type Receiver, startReceiver } from './testing/receiver.ts';

let stack: TestStack;
let warehouse: Warehouse;
let notify: RunningFunction;
let slack: Receiver;

beforeAll(async () => {
  stack = await startComponents(['minio', 'bigquery'], { needs: false });
  warehouse = createWarehouse(readConfigFrom(stack.env, 'warehouse').warehouse);
  await warehouse.migrate();
  slack = await startReceiver();
  notify = await startFunction('notify', { ...stack.env, SLACK_WEBHOOK_URL: slack.url, NOTIFY_MAX_PER_MINUTE: '60' });
}, 300_000);

afterAll(async () => {
  await notify?.stop();
  await slack?.stop();
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

  test('people get one message of an incident however many are told of it at once, and one when it is over, also after a kill', async () => {
    slack.received.length = 0;
    const run = (number: number, status: 'ok' | 'failed') =>
      chainEvent({
        type: 'features.materialized',
        runId: `run-${status}-${number}`,
        views: ['customer_features'],
        ...(status === 'failed' ? { error: { code: 'ONLINE_MISMATCH', message: 'secret value' } } : {}),
      });
    const failures = Array.from({ length: 12 }, (_, number) => chainPublished(run(number, 'failed')));
    expect(new Set(await Promise.all(failures.map((event) => notify.post(event))))).toEqual(new Set([204]));
    slack.always = { status: 503 };
    expect(await notify.post(chainPublished(run(1, 'ok')))).toBe(204);
    await notify.stop('SIGKILL');
    slack.always = undefined;
    const before = slack.received.length;
    notify = await startFunction('notify', { ...stack.env, SLACK_WEBHOOK_URL: slack.url });
    const tick = chainEvent({ type: 'sweep.tick', runId: 'sweep' });
    for (let left = 60; slack.received.length === before && left > 0; left -= 1) {
      expect(await notify.post(chainPublished(tick))).toBe(204);
      await delay(500);
    }
    const texts = slack.received.map(({ body }) => String(body.text).split('\n')[0]);
    const failed = 'Features could not be put online: ONLINE_MISMATCH';
    expect(texts.filter((text) => text === failed)).toEqual([failed]);
    expect(texts.at(-1)).toBe(`Over: ${failed}`);
    expect(JSON.stringify(slack.received.at(-1))).toContain('12 events');
  }, 120_000);
});
