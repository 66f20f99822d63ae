import { describe, expect, test } from '@jest/globals';
import { type ChainEventInput, chainEvent } from '@tributary/platform/events';
import { validateStage as stage } from './stage.ts';

const event = (input: Omit<ChainEventInput, 'runId'>) => chainEvent({ runId: 'r', ...input });

describe('validate', () => {
  test('only a transformation that succeeded is looked at', () => {
    expect(stage.takes(event({ type: 'transform.finished' }))).toBe(true);
    expect(stage.takes(event({ type: 'transform.finished', status: 'failed' }))).toBe(false);
  });

  test.each([
    ['features', 'ok', true],
    ['features', 'failed', true],
    ['staging', 'ok', false],
    ['staging', 'failed', true],
    ['landing', 'failed', false],
  ] as const)('gate %s, %s: ends a run is %s', (gate, status, ends) => {
    expect(stage.ends(event({ type: 'quality.checked', status, detail: { gate } }))).toBe(ends);
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
