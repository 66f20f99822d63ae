import { describe, expect, test } from '@jest/globals';
import { chainEvent } from '@tributary/platform/events';
import { transformStage } from './stage.ts';

const stage = transformStage(3);

describe('transform', () => {
  test('loads ask for a run, and the end of a run is its report, failed or not', () => {
    const loaded = chainEvent({ type: 'warehouse.loaded', runId: 'r' });
    const finished = chainEvent({ type: 'transform.finished', runId: 'r', status: 'failed' });
    expect([stage.takes(loaded), stage.ends(loaded)]).toEqual([true, false]);
    expect([stage.takes(finished), stage.ends(finished)]).toEqual([false, true]);
  });

  test('a gate that passes again asks for what it kept back, and other incidents that end ask for nothing', () => {
    const cleared = (detail: object) =>
      chainEvent({ type: 'incident.cleared', runId: 'r', streams: ['orders'], detail: { incident: 'i', ...detail } });
    expect([stage.takes(cleared({ rebuild: true })), stage.takes(cleared({}))]).toEqual([true, false]);
  });

  test('a run that failed is tried again unless trying would change nothing', () => {
    const failed = (verdict: boolean) =>
      chainEvent({ type: 'transform.finished', runId: 'r', status: 'failed', detail: { verdict } });
    expect([stage.isVerdict!(failed(true)), stage.isVerdict!(failed(false))]).toEqual([true, false]);
  });

  test('the job is told what its argument parser knows', () => {
    const run = {
      ...{ manifest: 'transform-000000001', attempt: 2, streams: ['orders', 'products'], views: [] },
      ...{ runId: 'r', cause: 'c', traceparent: 't' },
    };
    expect(stage.args(run).join(' ')).toBe(
      '--manifest transform-000000001 --attempt 2 --streams orders,products --run-id r --cause c --traceparent t',
    );
  });
});
