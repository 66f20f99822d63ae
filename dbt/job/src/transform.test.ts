import { describe, expect, test } from '@jest/globals';
import type { BusMessage } from '@tributary/platform/bus';
import { TransientError } from '@tributary/platform/errors';
import { type ChainEvent, parseChainEvent } from '@tributary/platform/events';
import { createLogger } from '@tributary/platform/log';
import { readProject } from './project.ts';
import type { TransformRequest } from './request.ts';
import { type TransformPorts, transform } from './transform.ts';

const REQUEST: TransformRequest = {
  manifest: 'transform-7',
  attempt: 1,
  streams: ['orders'],
  runId: 'run-1',
  cause: 'cause-1',
  traceparent: undefined,
};
const NEVER = new AbortController().signal;

function ports(dbt: TransformPorts['dbt']): TransformPorts & { readonly published: ChainEvent[] } {
  const published: ChainEvent[] = [];
  return {
    published,
    bus: {
      async publish(_topic: string, messages: readonly BusMessage[]) {
        published.push(...messages.map(({ data }) => parseChainEvent(data)));
      },
    },
    warehouse: { query: async () => [] },
    project: readProject(),
    dbt,
    log: createLogger('test', { level: 'silent' }),
  };
}

const results = (status: string) =>
  JSON.stringify({
    results: [
      {
        unique_id: 'model.tributary.customer_features',
        status,
        message: 'why',
        adapter_response: { rows_affected: 3 },
      },
    ],
  });

describe('transform', () => {
  test('a run that built its tables is reported ok, with the tables and their rows', async () => {
    const { published, ...rest } = ports(async () => results('success'));
    await transform(REQUEST, rest, NEVER);
    expect(published).toMatchObject([
      {
        type: 'transform.finished',
        status: 'ok',
        run_id: 'run-1',
        cause: 'cause-1',
        streams: ['orders'],
        views: ['customer_features'],
        counts: { customer_features: 3, models: 1, tests: 0 },
        detail: { manifest: 'transform-7', attempt: 1, selection: 'all', failing: [] },
        error: null,
      },
    ]);
  });

  test('a model that fails is reported, named', async () => {
    const { published, ...rest } = ports(async () => results('error'));
    await transform(REQUEST, rest, NEVER);
    expect(published).toMatchObject([
      {
        status: 'failed',
        views: [],
        detail: { manifest: 'transform-7', attempt: 1, failing: [{ node: 'model.tributary.customer_features' }] },
        error: { code: 'DBT_NODES_FAILED', message: 'model.tributary.customer_features: why' },
      },
    ]);
  });

  test('a dbt that could not run is reported, with its code', async () => {
    const { published, ...rest } = ports(async () => {
      throw new TransientError('DBT_ABORTED', 'no connection');
    });
    await transform(REQUEST, rest, NEVER);
    expect(published).toMatchObject([{ status: 'failed', error: { code: 'DBT_ABORTED', message: 'no connection' } }]);
  });

  test('results of a form we do not know are a failure, not a success of nothing', async () => {
    const { published, ...rest } = ports(async () => '{"nodes": []}');
    await transform(REQUEST, rest, NEVER);
    expect(published).toMatchObject([{ status: 'failed', error: { code: 'DBT_ABORTED' } }]);
  });

  test('the same attempt reported twice is one event, the next attempt another', async () => {
    const { published, ...rest } = ports(async () => results('success'));
    await transform(REQUEST, rest, NEVER);
    await transform(REQUEST, rest, NEVER);
    await transform({ ...REQUEST, attempt: 2 }, rest, NEVER);
    const [first, again, next] = published.map(({ event_id }) => event_id);
    expect(again).toBe(first);
    expect(next).not.toBe(first);
  });

  test('a job that is being stopped reports nothing, so that it is started again', async () => {
    const stop = new AbortController();
    const { published, ...rest } = ports(async () => {
      stop.abort(new Error('SIGTERM'));
      throw new Error('dbt was interrupted');
    });
    await expect(transform(REQUEST, rest, stop.signal)).rejects.toThrow('SIGTERM');
    expect(published).toEqual([]);
  });

  test('a report that the bus does not take is an error of the job', async () => {
    const { published: _, ...rest } = ports(async () => results('success'));
    const bus = { publish: async () => Promise.reject(new TransientError('BUS_UNAVAILABLE', 'no broker')) };
    await expect(transform(REQUEST, { ...rest, bus }, NEVER)).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
  });
});
