import { describe, expect, test } from '@jest/globals';
import { type ChainEventInput, chainEvent } from '@tributary/platform/events';
import { validateStage as stage } from './stage.ts';

const event = (input: Omit<ChainEventInput, 'runId'>) => chainEvent({ runId: 'r', ...input });

describe('validate', () => {
  test('what was built is looked at, though other models failed', () => {
    const finished = (input: Partial<ChainEventInput>) => event({ type: 'transform.finished', ...input });
    expect(stage.takes(finished({}))).toBe(true);
    expect(stage.takes(finished({ status: 'failed', views: ['customer_features'] }))).toBe(true);
    expect(stage.takes(finished({ status: 'failed' }))).toBe(false);
  });

  test('only the last report of a run ends it', () => {
    const checked = (detail: object) => event({ type: 'quality.checked', detail: { gate: 'features', ...detail } });
    expect([stage.ends(checked({})), stage.ends(checked({ last: true }))]).toEqual([false, true]);
  });

  test('the job is told what its argument parser knows', () => {
    const run = {
      ...{
        manifest: 'validate-000000001',
        attempt: 1,
        streams: ['orders'],
        views: ['customer_features', 'product_features'],
      },
      ...{ runId: 'r', cause: 'c', traceparent: 't' },
    };
    expect(stage.args(run).join(' ')).toBe(
      '--gate warehouse --manifest validate-000000001 --attempt 1 --streams orders --views customer_features,product_features --run-id r --cause c --traceparent t',
    );
  });
});
