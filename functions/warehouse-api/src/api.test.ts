import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TransientError, UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import type { Caller } from '@tributary/platform/oidc';
import type { Found, PageRequest, QueryJob, QueryJobs } from '@tributary/platform/warehouse';
import { type ApiPorts, answerApi } from './api.ts';
import { compiled } from './declaration.ts';

const log = createLogger('test', { level: 'silent' });

const declared = (name: string, cacheSeconds: number, role = 'operations') =>
  compiled(
    `${name}.yaml`,
    `{description: d, version: 1, role: ${role}, parameters: {n: {type: INT64, description: How many, min: "1", max: "100"}}, sql: "SELECT @n AS n", maxBytesBilled: 1000, cacheSeconds: ${cacheSeconds}, pageSize: 10}`,
  );

/** BigQuery as far as the API sees it: each job has rows 1 … n. */
class Jobs implements QueryJobs {
  readonly started: QueryJob[] = [];
  readonly failures: Found[] = [];
  readonly failed = new Map<string, Found>();
  running = false;

  async start(job: QueryJob): Promise<void> {
    if (this.started.some(({ jobId }) => jobId === job.jobId)) return;
    this.started.push(job);
    const failure = this.failures.shift();
    if (failure) this.failed.set(job.jobId, failure);
  }

  async find(id: string, { maxResults, pageToken = '0' }: PageRequest): Promise<Found> {
    const job = this.started.find(({ jobId }) => jobId === id);
    if (!job) return { state: 'absent' };
    if (this.running) return { state: 'running' };
    const failed = this.failed.get(id);
    if (failed) return failed;
    const total = Number(job.params[0]!.value);
    const [from, to] = [Number(pageToken), Math.min(Number(pageToken) + maxResults, total)];
    const rows = Array.from({ length: to - from }, (_, index) => ({ n: from + index + 1 }));
    const page = {
      fields: [{ name: 'n', type: 'INTEGER' }],
      rows,
      totalRows: total,
      nextPageToken: to < total ? String(to) : null,
    };
    return { state: 'done', page };
  }

  async check(): Promise<number> {
    return 0;
  }
}

let jobs: Jobs;
let now: number;
let admit: ApiPorts['admit'];
let caller: Caller | undefined;
let server: Server;
let url: string;

beforeEach(async () => {
  jobs = new Jobs();
  now = Date.UTC(2026, 10, 21);
  admit = async () => undefined;
  caller = undefined;
  let unique = 0;
  const declarations = new Map(
    [declared('cached', 60), declared('fresh', 0), declared('secret', 60, 'admins')].map((each) => [each.name, each]),
  );
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const read = Object.assign(request, { rawBody: Buffer.concat(parts) });
    await answerApi(read, response, caller, {
      ...{ declarations, jobs, log, admit: () => admit(), now: () => now },
      roles: { operations: ['*@ops.test', 'boss@x.test'] },
      unique: () => `${unique++}`,
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function ask(path: string, init?: RequestInit) {
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}
const post = (path: string, body: unknown) =>
  ask(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

describe('answers', () => {
  test('are JSON, with the schema and where there is more', async () => {
    const first = (await ask('/queries/cached?n=25')).json();
    expect(first).toMatchObject({
      ...{ query: 'cached', version: 1, cached: false, total_rows: 25 },
      schema: [{ name: 'n', type: 'INTEGER', mode: 'NULLABLE' }],
      next_page_token: expect.any(String),
    });
    const rows = [...first.rows];
    for (let token = first.next_page_token; token !== null; ) {
      const page = (await ask(`/queries/cached?n=25&page_token=${token}`)).json();
      expect(page).toMatchObject({ job_id: first.job_id, cached: true });
      rows.push(...page.rows);
      token = page.next_page_token;
    }
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    expect(jobs.started).toHaveLength(1);
    expect(jobs.started[0]).toMatchObject({
      maximumBytesBilled: '1000',
      labels: { stage: 'warehouse-api', query: 'cached' },
    });
  });

  test('are NDJSON for who asks for it', async () => {
    for (const answer of [
      await ask('/queries/cached?n=2&format=ndjson'),
      await ask('/queries/cached?n=2', { headers: { accept: 'application/x-ndjson' } }),
      await post('/queries/cached', { params: { n: 2 }, format: 'ndjson' }),
    ]) {
      expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      expect(answer.text).toBe('{"n":1}\n{"n":2}\n');
    }
  });

  test('come in pages no larger than declared', async () => {
    expect((await ask('/queries/cached?n=25&page_size=3')).json().rows).toHaveLength(3);
    expect((await ask('/queries/cached?n=25&page_size=5000')).json().rows).toHaveLength(10);
  });

  test('list what there is, with what each takes', async () => {
    const { queries } = (await ask('/queries')).json();
    expect(queries.map(({ name }: { name: string }) => name)).toEqual(['cached', 'fresh', 'secret']);
    expect(queries[0].parameters[0]).toMatchObject({
      name: 'n',
      required: true,
      description: expect.stringContaining('at most 100'),
    });
  });
});

describe('one job', () => {
  test('answers whoever asks the same within the time of its cache, in whatever spelling', async () => {
    await Promise.all([
      ask('/queries/cached?n=7'),
      ask('/queries/cached?n=07'),
      post('/queries/cached', { params: { n: 7 } }),
    ]);
    expect(await ask('/queries/cached?n=7').then((answer) => answer.headers.get('x-cache'))).toBe('hit');
    expect(jobs.started).toHaveLength(1);
    await ask('/queries/cached?n=8');
    expect(jobs.started).toHaveLength(2);
    now += 60_000;
    await ask('/queries/cached?n=7');
    expect(jobs.started).toHaveLength(3);
  });

  test('is made for each request where nothing is to be cached, and its pages are still its own', async () => {
    const first = (await ask('/queries/fresh?n=12')).json();
    await ask('/queries/fresh?n=12');
    expect(jobs.started).toHaveLength(2);
    const second = (await ask(`/queries/fresh?n=12&page_token=${first.next_page_token}`)).json();
    expect([second.job_id, second.rows.length]).toEqual([first.job_id, 2]);
  });

  test('that failed for a reason that may pass is started anew by the next request, a few times', async () => {
    const failed: Found = { state: 'failed', error: new TransientError('WAREHOUSE_UNAVAILABLE', 'x'), again: true };
    jobs.failures.push(failed);
    expect((await ask('/queries/cached?n=1')).status).toBe(503);
    expect((await ask('/queries/cached?n=1')).status).toBe(200);
    expect(new Set(jobs.started.map(({ jobId }) => jobId)).size).toBe(2);
    jobs.failures.push(failed, failed, failed, failed, failed);
    for (let time = 0; time < 6; time += 1) await ask('/queries/cached?n=2');
    expect(jobs.started).toHaveLength(5);
  });
});

describe('refusals', () => {
  test.each<[string, number, string, string, RegExp]>([
    ['GET', 404, '/queries/drop-table?n=1', 'QUERY_NOT_DECLARED', /GET \/queries/],
    ['GET', 404, '/queries/..%2f..%2fetc', 'QUERY_NOT_DECLARED', /./],
    ['GET', 404, '/else', 'QUERY_NOT_DECLARED', /./],
    ['GET', 400, '/queries/cached', 'PARAMETER_INVALID', /parameter n .*missing.*at least 1/],
    ['GET', 400, '/queries/cached?n=1%20OR%201=1', 'PARAMETER_INVALID', /parameter n/],
    ['GET', 400, '/queries/cached?n=1&m=2', 'PARAMETER_INVALID', /parameter m/],
    ['GET', 400, '/queries/cached?n=1&n=2', 'PARAMETER_INVALID', /parameter n/],
    ['GET', 400, '/queries/cached?n=1&page_size=0', 'PARAMETER_INVALID', /page_size/],
    ['GET', 400, '/queries/cached?n=1&page_token=x', 'PAGE_TOKEN_INVALID', /page_token/],
    ['GET', 406, '/queries/cached?n=1&format=xml', 'FORMAT_UNKNOWN', /ndjson/],
    ['DELETE', 405, '/queries/cached?n=1', 'METHOD_NOT_ALLOWED', /GET/],
    ['POST', 405, '/queries', 'METHOD_NOT_ALLOWED', /GET/],
  ])('%s: %d for %s', async (method, status, path, code, message) => {
    const answer = await ask(path, { method });
    expect([answer.status, answer.json().error]).toEqual([status, { code, message: expect.stringMatching(message) }]);
    expect(jobs.started).toEqual([]);
  });

  test('a token of other parameters, or of another query, leads nowhere', async () => {
    const token = (await ask('/queries/cached?n=25')).json().next_page_token;
    for (const path of ['/queries/cached?n=26', '/queries/fresh?n=25']) {
      expect((await ask(`${path}&page_token=${token}`)).json().error.code).toBe('PAGE_TOKEN_INVALID');
    }
  });

  test('results that are no longer kept are gone', async () => {
    const token = (await ask('/queries/cached?n=25')).json().next_page_token;
    jobs.started.length = 0;
    expect((await ask(`/queries/cached?n=25&page_token=${token}`)).status).toBe(410);
  });

  test('whoever has not the role is told which; names of queries that they may not ask are not listed', async () => {
    caller = { email: 'ann@ops.test' };
    expect((await ask('/queries/cached?n=1')).status).toBe(200);
    const refused = await ask('/queries/secret?n=1');
    expect([refused.status, refused.json().error.message]).toEqual([403, expect.stringContaining('role admins')]);
    expect((await ask('/queries')).json().queries).toHaveLength(2);
    caller = { email: 'else@x.test' };
    expect((await ask('/queries/cached?n=1')).status).toBe(403);
  });

  test('work that the cost guard has stopped is 429; what is there already is answered', async () => {
    await ask('/queries/cached?n=1');
    admit = async () => {
      throw new TransientError('COST_BUDGET_SPENT', 'the budget is spent');
    };
    expect((await ask('/queries/cached?n=1')).status).toBe(200);
    const refused = await ask('/queries/cached?n=2');
    expect([refused.status, refused.json().error.code, refused.headers.get('retry-after')]).toEqual([
      429,
      'COST_BUDGET_SPENT',
      '3600',
    ]);
  });

  test('a query that takes too long is 504 and goes on', async () => {
    jobs.running = true;
    const late = await ask('/queries/cached?n=1');
    expect([late.status, late.json().error.code, late.headers.get('retry-after')]).toEqual([
      504,
      'QUERY_DEADLINE',
      '5',
    ]);
    jobs.running = false;
    expect((await ask('/queries/cached?n=1')).status).toBe(200);
    expect(jobs.started).toHaveLength(1);
  });

  test.each([
    ['WAREHOUSE_BYTES_LIMIT', 400],
    ['WAREHOUSE_NOT_FOUND', 503],
    ['WAREHOUSE_INVALID', 500],
  ])('%s is %d, and BigQuery’s own words stay in the log', async (code, status) => {
    jobs.failures.push({ state: 'failed', error: new UserError(code, 'row "ann@example.com"'), again: false });
    const answer = await ask('/queries/cached?n=1');
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('ann');
  });
});
