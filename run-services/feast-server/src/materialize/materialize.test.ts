import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { TransientError } from '@tributary/platform/errors';
import type { ExecutionState, Jobs } from '@tributary/platform/jobs';
import { HttpServer } from '../http/server.ts';
import { MaterializeRuns, materializeHandler } from './index.ts';

const RANGE = { start_ts: '2026-01-01T00:00:00', end_ts: '2026-01-02T00:00:00' };

/** Jobs that end when they are told to. */
class JobsStandIn implements Jobs {
  readonly started: (readonly string[])[] = [];
  outcome: ExecutionState = 'running';
  failure: Error | undefined;

  async start(_job: string, args: readonly string[]): Promise<string> {
    if (this.failure) throw this.failure;
    this.started.push(args);
    return `executions/${this.started.length}`;
  }

  async state(): Promise<ExecutionState> {
    return this.outcome;
  }
}

async function serving(jobs: Jobs | undefined, action: (post: Post) => Promise<void>) {
  const runs = jobs && new MaterializeRuns({ jobs, lookEveryMs: 1 });
  const server = new HttpServer({ log: { warn: () => {}, error: () => {} } });
  const ports = {
    runs,
    resolveViews: (names: readonly string[] | undefined) => names ?? ['a', 'b'],
    traceparent: ({ headers }: { headers: IncomingMessage['headers'] }) => headers.traceparent as string | undefined,
  };
  server.route('POST', '/materialize', materializeHandler('range', ports));
  server.route('POST', '/materialize-incremental', materializeHandler('incremental', ports));
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  try {
    await action(async (path, body) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: 'trace' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as never };
    });
  } finally {
    runs?.close();
    await server.close(100);
  }
}
type Post = (path: string, body: unknown) => Promise<{ status: number; body: Record<string, unknown> }>;

test('the answer is 200 null once the job has ended well, as Feast answers', async () => {
  const jobs = new JobsStandIn();
  jobs.outcome = 'succeeded';
  await serving(jobs, async (post) => {
    expect(await post('/materialize', RANGE)).toEqual({ status: 200, body: null });
  });
  const args = jobs.started[0]!;
  expect(args.slice(0, 2)).toEqual(['--views', 'a,b']);
  expect(args[3]).toMatch(/^request-[0-9a-f-]{36}$/);
  expect(args.slice(-2)).toEqual(['--traceparent', 'trace']);
});

test('a job that failed is 500 and names the execution', async () => {
  const jobs = new JobsStandIn();
  jobs.outcome = 'failed';
  await serving(jobs, async (post) => {
    const { status, body } = await post('/materialize-incremental', { end_ts: '2026-01-02', feature_views: ['a'] });
    expect([status, body]).toEqual([500, 'Materialization of a ended as failed: executions/1']);
  });
});

test('asynchronously, a view at work is a conflict until its run has ended, unless forced', async () => {
  const jobs = new JobsStandIn();
  await serving(jobs, async (post) => {
    const first = await post('/materialize?async=true', { ...RANGE, feature_views: ['a'] });
    expect(first).toEqual({
      status: 202,
      body: { status: 'accepted', feature_views: ['a'], execution: 'executions/1' },
    });
    const second = await post('/materialize?async=true', RANGE);
    expect([second.status, second.body.feature_views]).toEqual([409, ['a']]);
    expect((await post('/materialize?async=true&force=1', RANGE)).status).toBe(202);
    jobs.outcome = 'succeeded';
    expect((await post('/materialize-incremental?async=true', { end_ts: '2026-01-02' })).status).toBe(202);
  });
});

test.each([
  ['no JSON', '{', 422],
  ['a missing end', {}, 422],
  ['views that are no list', { end_ts: '2026-01-01', feature_views: 'a' }, 422],
  ['an end that is no time', { end_ts: 'tomorrow' }, 500],
])('%s starts nothing', async (_case, body, status) => {
  const jobs = new JobsStandIn();
  await serving(jobs, async (post) => {
    expect((await post('/materialize-incremental', body)).status).toBe(status);
  });
  expect(jobs.started).toEqual([]);
});

test.each([
  ['none', {}, 'start_ts and end_ts are required when disable_event_timestamp is False'],
  [
    'a start after the end',
    { start_ts: '2026-01-02T00:00:00+01:00', end_ts: '2026-01-01' },
    expect.stringContaining('must be before'),
  ],
])("a range with %s is refused in Feast's words", async (_case, body, message) => {
  const jobs = new JobsStandIn();
  await serving(jobs, async (post) => {
    expect(await post('/materialize', body)).toEqual({ status: 500, body: message });
  });
  expect(jobs.started).toEqual([]);
});

test('without timestamps, where they are said to be of no use, the job starts', async () => {
  const jobs = new JobsStandIn();
  jobs.outcome = 'succeeded';
  await serving(jobs, async (post) => {
    expect((await post('/materialize', { disable_event_timestamp: true })).status).toBe(200);
  });
});

test('Cloud Run that does not answer is 503', async () => {
  const jobs = new JobsStandIn();
  jobs.failure = new TransientError('JOBS_UNAVAILABLE', 'no answer');
  await serving(jobs, async (post) => {
    expect(await post('/materialize', RANGE)).toMatchObject({ status: 503, body: { code: 'BACKEND_UNAVAILABLE' } });
  });
});

test('a server that starts no jobs says so', async () => {
  await serving(undefined, async (post) => {
    expect(await post('/materialize', RANGE)).toMatchObject({ status: 501, body: { code: 'NOT_ENABLED' } });
  });
});
