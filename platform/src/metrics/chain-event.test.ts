import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chainEvent } from '../events/index.ts';
import { recordChainEvent } from './chain-event.ts';
import { RecordedMetrics } from './testing/index.ts';

let recorded: RecordedMetrics;
beforeEach(() => {
  recorded = new RecordedMetrics();
});
afterEach(() => recorded.stop());

const at = { startedAt: new Date(1_000), finishedAt: new Date(3_500) };

describe('a chain event', () => {
  test('of a load tells its rows, bytes, duration and how long its oldest arrival waited', async () => {
    recordChainEvent(
      chainEvent({
        ...{ type: 'warehouse.loaded', runId: 'r', streams: ['orders'], ...at },
        counts: { objects: 2, rows: 40, bytes: 9_000, waited_ms_max: 1_500 },
      }),
    );
    expect(await recorded.of('tributary.stage.runs')).toEqual([
      { labels: { stage: 'load', outcome: 'ok', code: '' }, value: 1 },
    ]);
    expect(await recorded.of('tributary.stage.rows')).toEqual([{ labels: { stage: 'load', of: 'orders' }, value: 40 }]);
    expect(await recorded.of('tributary.stage.bytes')).toEqual([
      { labels: { stage: 'load', of: 'orders' }, value: 9_000 },
    ]);
    expect(await recorded.of('tributary.stage.duration')).toEqual([
      { labels: { stage: 'load', outcome: 'ok' }, value: { count: 1, sum: 2.5 } },
    ]);
    expect(await recorded.of('tributary.stage.waited')).toEqual([
      { labels: { stage: 'load' }, value: { count: 1, sum: 1.5 } },
    ]);
  });

  test('of a failed run tells its code and what was billed', async () => {
    const error = { code: 'DBT_NODES_FAILED', message: 'a model' };
    recordChainEvent(chainEvent({ type: 'transform.finished', runId: 'r', bytesBilled: 70, error, ...at }));
    expect(await recorded.of('tributary.stage.runs')).toEqual([
      { labels: { stage: 'transform', outcome: 'failed', code: 'DBT_NODES_FAILED' }, value: 1 },
    ]);
    expect(await recorded.of('tributary.stage.bytes_billed')).toEqual([{ labels: { stage: 'transform' }, value: 70 }]);
  });

  test('of a materialization tells the rows of each view and how new each is online', async () => {
    const to = '2026-11-21T05:20:02Z';
    recordChainEvent(
      chainEvent({
        ...{ type: 'features.materialized', runId: 'r', views: ['customer_features', 'product_features'], ...at },
        counts: { customer_features: 3, product_features: 4, removed: 1 },
        detail: { views: { customer_features: { to }, product_features: { to: null }, other: { skipped: 'no mart' } } },
      }),
    );
    expect(await recorded.of('tributary.stage.rows')).toEqual([
      { labels: { stage: 'materialize', of: 'customer_features' }, value: 3 },
      { labels: { stage: 'materialize', of: 'product_features' }, value: 4 },
    ]);
    expect(await recorded.of('tributary.view.newest_event')).toEqual([
      { labels: { view: 'customer_features' }, value: Date.parse(to) / 1_000 },
    ]);
  });

  test('of an incident is an incident and no step of the chain', async () => {
    const error = { code: 'GATE_FAILED', message: '' };
    recordChainEvent(chainEvent({ type: 'incident.raised', runId: 'r', error }));
    recordChainEvent(chainEvent({ type: 'incident.cleared', runId: 'r' }));
    expect(await recorded.of('tributary.incident.events')).toEqual([
      { labels: { event: 'raised', code: 'GATE_FAILED' }, value: 1 },
      { labels: { event: 'cleared', code: '' }, value: 1 },
    ]);
    expect(await recorded.of('tributary.stage.runs')).toEqual([]);
  });
});

test('a process that has not started metrics records nothing and is not held up', async () => {
  await recorded.stop();
  recordChainEvent(chainEvent({ type: 'transform.finished', runId: 'r' }));
  expect(await recorded.of('tributary.stage.runs')).toEqual([]);
});
