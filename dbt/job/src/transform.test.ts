import { beforeEach, describe, expect, test } from '@jest/globals';
import type { BusMessage } from '@tributary/platform/bus';
import { TransientError, UserError } from '@tributary/platform/errors';
import { type ChainEvent, parseChainEvent } from '@tributary/platform/events';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import type { LineageEvent } from '@tributary/platform/lineage';
import { createLogger } from '@tributary/platform/log';
import { readProject } from './project.ts';
import type { TransformRequest } from './request.ts';
import { artifacts, type Said } from './testing/artifacts.ts';
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

let lake: MemoryLake;
let published: ChainEvent[];
let recorded: Record<string, unknown>[];
let sent: LineageEvent[];

beforeEach(() => {
  [lake, published, recorded, sent] = [new MemoryLake(), [], [], []];
});

function ports(dbt: TransformPorts['dbt']): TransformPorts {
  return {
    bus: {
      async publish(_topic: string, messages: readonly BusMessage[]) {
        published.push(...messages.map(({ data }) => parseChainEvent(data)));
      },
    },
    warehouse: {
      async query(sql, options) {
        if (sql.includes('ops.dbt_results')) recorded.push(...JSON.parse(options!.params!.entries as string));
        return [];
      },
    },
    store: { lake, bucket: 'lake' },
    project: readProject(),
    dbt,
    sendLineage: async (events) => void sent.push(...events),
    log: createLogger('test', { level: 'silent' }),
  };
}

const run = (said: Record<string, Said>, request = REQUEST) =>
  transform(
    request,
    ports(async () => artifacts(said)),
    NEVER,
  );
const names = () => published.map(({ type, status, detail }) => [type, status, detail.incident ?? null]);
const textOf = async (name: string) => (await lake.read('lake', name))!.body.toString('utf8');

const BROKEN = { status: 'error', message: 'Unrecognized name: kind', jobId: 'job-1' };

describe('transform', () => {
  test('a run that built its tables is reported ok, with the tables and their rows', async () => {
    await run({ customer_features: { rows: 3 } });
    expect(published).toMatchObject([
      {
        type: 'transform.finished',
        status: 'ok',
        run_id: 'run-1',
        cause: 'cause-1',
        streams: ['orders'],
        views: ['customer_features'],
        counts: { customer_features: 3, models: 1, tests: 0, failed: 0, held: 0 },
        detail: { manifest: 'transform-7', attempt: 1, selection: 'all', failing: [], held: [] },
        error: null,
      },
    ]);
  });

  test('a model that fails is an incident, and the tables that do not depend on it go on', async () => {
    await run({ customer_features: BROKEN, product_features: { rows: 2 } });
    expect(published).toMatchObject([
      {
        type: 'incident.raised',
        views: ['customer_features'],
        error: { code: 'DBT_SQL_INVALID' },
        detail: { incident: 'dbt:model.tributary.customer_features', runbook: 'transform-failed' },
      },
      {
        type: 'transform.finished',
        status: 'failed',
        views: ['product_features'],
        detail: {
          held: ['customer_features'],
          failing: [{ node: 'model.tributary.customer_features' }],
          verdict: true,
          incident: 'dbt:model.tributary.customer_features',
        },
        error: { code: 'DBT_NODES_FAILED' },
      },
    ]);
  });

  test('an incident is cleared when its model builds again, and not by a run that did not build it', async () => {
    await run({ customer_features: BROKEN });
    published.length = 0;
    await run({ product_features: {} }, { ...REQUEST, manifest: 'transform-8' });
    await run({ customer_features: {} }, { ...REQUEST, manifest: 'transform-9' });
    await run({ customer_features: {} }, { ...REQUEST, manifest: 'transform-10' });
    expect(names()).toEqual([
      ['transform.finished', 'ok', null],
      ['incident.cleared', 'ok', 'dbt:model.tributary.customer_features'],
      ['transform.finished', 'ok', null],
      ['transform.finished', 'ok', null],
    ]);
  });

  test('what failed is run again with what it kept back, though nothing of it changed', async () => {
    await run({ customer_activity: {}, not_null_unified_clicks: { status: 'fail', message: 'Got 1 result' } });
    const asked: unknown[] = [];
    const current = readProject().relations.map(({ dataset, name }) => ({ dataset, name }));
    const all = ports(async (selection) => {
      asked.push(selection);
      return artifacts({ not_null_unified_clicks: { status: 'pass' } });
    });
    const warehouse: TransformPorts['warehouse'] = {
      query: async (sql, options) =>
        sql.includes('TABLE_OPTIONS') ? (current as never[]) : all.warehouse.query(sql, options),
    };
    await transform(REQUEST, { ...all, warehouse }, NEVER);
    expect(asked).toEqual([
      { kind: 'changed', streams: ['orders'], again: ['customer_activity', 'not_null_unified_clicks'] },
    ]);
    expect(published.map(({ type }) => type)).toContain('incident.cleared');
  });

  test('only what may pass is worth another attempt', async () => {
    await run({ customer_features: { status: 'error', message: 'reason: rateLimitExceeded' } });
    expect(published.at(-1)!.detail.verdict).toBe(false);
    await transform(
      REQUEST,
      ports(async () => Promise.reject(new UserError('DBT_PROJECT_INVALID', 'Compilation Error'))),
      NEVER,
    );
    expect(published.at(-1)!.detail.verdict).toBe(true);
  });

  test('a dbt that could not run is an incident of its own, and the next run that runs clears it', async () => {
    await transform(
      REQUEST,
      ports(async () => Promise.reject(new TransientError('DBT_ABORTED', 'no connection'))),
      NEVER,
    );
    await run({ customer_features: {} }, { ...REQUEST, attempt: 2 });
    expect(names()).toEqual([
      ['incident.raised', 'failed', 'dbt'],
      ['transform.finished', 'failed', 'dbt'],
      ['incident.cleared', 'ok', 'dbt'],
      ['transform.finished', 'ok', null],
    ]);
    expect(published[1]).toMatchObject({ error: { code: 'DBT_ABORTED' }, detail: { verdict: false } });
  });

  test('results of a form we do not know are a failure, not a success of nothing', async () => {
    const odd = async () => ({ runResults: '{"nodes": []}', manifest: '{}' });
    await transform(REQUEST, ports(odd), NEVER);
    expect(published.at(-1)).toMatchObject({ status: 'failed', error: { code: 'DBT_ABORTED' } });
  });

  test('each node is recorded, and what dbt wrote is kept without the values that messages quote', async () => {
    await run({
      customer_features: { status: 'error', message: 'Bad int64 value: ann@example.com', jobId: 'job-1' },
      product_features: { rows: 2, bytes: 10 },
    });
    expect(recorded).toMatchObject([
      { node: 'model.tributary.customer_features', status: 'error', code: 'DBT_QUERY_FAILED', job_id: 'job-1' },
      { node: 'model.tributary.product_features', code: null, row_count: 2, bytes_billed: 10, duration_ms: 1_500 },
    ]);
    const kept = await textOf('artifacts/dbt-runs/transform-7/1/run_results.json');
    expect(JSON.parse(kept).results[0].message).toContain('DBT_QUERY_FAILED');
    expect(kept + JSON.stringify([published, recorded, sent])).not.toContain('ann@');
    expect(JSON.parse(await textOf('artifacts/dbt-runs/transform-7/1/manifest.json'))).toHaveProperty('nodes');
    expect(JSON.parse(await textOf('artifacts/dbt/dependencies.json'))).toEqual({
      views: { customer_activity: ['user_events'], customer_features: ['orders'], product_features: ['orders'] },
    });
  });

  test('the same attempt done twice says and keeps the same, the next attempt another', async () => {
    await run({ customer_features: {} });
    await run({ customer_features: {} });
    await run({ customer_features: {} }, { ...REQUEST, attempt: 2 });
    const [first, again, next] = published.map(({ event_id }) => event_id);
    expect(again).toBe(first);
    expect(next).not.toBe(first);
    const [one, two, three] = recorded.map(({ result_id }) => result_id);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
  });

  test('lineage says which tables a model was made from, kept in the lake and sent on', async () => {
    await run({ customer_features: { rows: 3 }, product_features: BROKEN });
    const ended = sent.filter(({ eventType }) => eventType !== 'START');
    expect(ended).toMatchObject([
      {
        eventType: 'FAIL',
        job: { name: 'transform' },
        run: { facets: { parent: { job: { name: 'chain' } } } },
      },
      {
        eventType: 'COMPLETE',
        job: { name: 'transform.customer_features' },
        inputs: [{ namespace: 'bigquery', name: 'project-1.staging.unified_orders' }],
        outputs: [{ name: 'project-1.marts.customer_features', outputFacets: { outputStatistics: { rowCount: 3 } } }],
      },
      {
        eventType: 'FAIL',
        job: { name: 'transform.product_features' },
        run: { facets: { errorMessage: { message: expect.stringContaining('DBT_SQL_INVALID') } } },
      },
    ]);
    const kept = (await textOf('artifacts/openlineage/transform-7-1.ndjson')).trimEnd().split('\n');
    expect(kept.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(sent)));
  });

  test('a job that is being stopped reports nothing, so that it is started again', async () => {
    const stop = new AbortController();
    const stopped = ports(async () => {
      stop.abort(new Error('SIGTERM'));
      throw new Error('dbt was interrupted');
    });
    await expect(transform(REQUEST, stopped, stop.signal)).rejects.toThrow('SIGTERM');
    expect(published).toEqual([]);
  });

  test('a report that the bus does not take is an error of the job', async () => {
    const bus = { publish: async () => Promise.reject(new TransientError('BUS_UNAVAILABLE', 'no broker')) };
    const all = ports(async () => artifacts({ customer_features: {} }));
    await expect(transform(REQUEST, { ...all, bus }, NEVER)).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
  });
});
