import { describe, expect, test } from '@jest/globals';
import { type ChainEventInput, chainEvent } from '@tributary/platform/events';
import { materializeStage as stage } from './stage.ts';

const checked = (input: Partial<ChainEventInput>) =>
  chainEvent({
    type: 'quality.checked',
    runId: 'r',
    views: ['customer_features'],
    detail: { gate: 'features' },
    ...input,
  });

describe('materialize', () => {
  test('nothing goes online unless the features gate passed', () => {
    expect(stage.takes(checked({}))).toBe(true);
    expect(stage.takes(checked({ status: 'failed' }))).toBe(false);
    expect(stage.takes(checked({ detail: { gate: 'staging' } }))).toBe(false);
    expect(stage.takes(checked({ views: [] }))).toBe(false);
    expect(stage.takes(chainEvent({ type: 'transform.finished', runId: 'r', views: ['customer_features'] }))).toBe(
      false,
    );
  });

  test('a view that cannot be put online is tried again unless trying would change nothing', () => {
    const failed = (verdict: boolean) =>
      chainEvent({ type: 'features.materialized', runId: 'r', status: 'failed', detail: { verdict } });
    expect([stage.isVerdict!(failed(true)), stage.isVerdict!(failed(false))]).toEqual([true, false]);
  });

  test('the job is told what its argument parser knows', () => {
    const run = {
      ...{ manifest: 'materialize-000000001', attempt: 1, streams: ['orders'], views: ['customer_features'] },
      ...{ runId: 'r', cause: 'c', traceparent: 't' },
    };
    expect(stage.args(run).join(' ')).toBe(
      '--views customer_features --manifest materialize-000000001 --attempt 1 --run-id r --cause c --traceparent t',
    );
  });
});
