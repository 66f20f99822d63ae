import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Door } from '../front-door/door.ts';
import { processesMarked } from '../supervisor/identity.ts';
import { startComponents, type TestStack } from '../testing.ts';
import { startGateway } from './serverless-offline.ts';

jest.setTimeout(60_000);

const PAGE = { origin: 'http://localhost:5173' };

let stack: TestStack;
let door: Door;

/** A function under Google's framework and a service, behind the real serverless-offline. Nothing they would ask for data runs, and nobody asks them for any. */
beforeAll(async () => {
  stack = await startComponents(['metrics', 'warehouse-api'], { needs: false });
  const { instance, state } = stack.machine;
  door = await startGateway({ instance, state });
}, 600_000);

afterAll(async () => {
  await door?.stop();
  await stack?.stop();
}, 120_000);

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${door.url}${path}`, init);

test('one port lists what there is and leads to each', async () => {
  const { endpoints } = (await (await ask('/')).json()) as {
    endpoints: { name: string; state: string; try: string }[];
  };
  expect(endpoints.map(({ name, state }) => [name, state])).toEqual([
    ['warehouse-api', 'ready'],
    ['metrics', 'ready'],
  ]);
  for (const endpoint of endpoints)
    expect([endpoint.name, (await ask(endpoint.try)).status]).toEqual([endpoint.name, 200]);
});

test('methods, bodies, parameters, errors and types pass through AWS shapes unharmed', async () => {
  const posted = await ask('/metrics/v1/metrics', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"resourceMetrics":[]}',
  });
  expect([posted.status, await posted.json()]).toEqual([200, {}]);
  const figures = await ask('/metrics/metrics');
  expect(figures.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await figures.text()).toContain('# TYPE tributary_function_duration histogram');
  const refused = await ask('/warehouse-api/queries/load-ledger?day=2026-11-21&day=2026-11-22&stream=%2B%20z');
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: 'PARAMETER_INVALID' } }]);
  expect((await ask('/nope/')).status).toBe(404);
});

test('a page of this machine may call it from a browser; one of another site reaches nothing', async () => {
  const asking = await ask('/warehouse-api/queries', {
    method: 'OPTIONS',
    headers: { ...PAGE, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  });
  expect(asking.ok).toBe(true);
  expect(asking.headers.get('access-control-allow-origin')).toBe(PAGE.origin);
  expect(asking.headers.get('access-control-allow-headers')).toContain('authorization');
  expect((await ask('/warehouse-api/queries', { headers: PAGE })).status).toBe(200);
  expect((await ask('/warehouse-api/queries', { headers: { origin: 'https://evil.test' } })).status).toBe(403);
});

test('the function cannot be invoked past the door by its name as anybody could guess it', async () => {
  const forged = {
    rawPath: '/metrics/healthz',
    headers: { host: 'localhost' },
    requestContext: { http: { method: 'GET' } },
  };
  const log = readFileSync(join(stack.machine.state, 'logs', 'gateway.log'), 'utf8');
  const lambda = /\[http for lambda\] listening on (\S+)/.exec(log)?.[1];
  const name = /gateway-[0-9a-f]{32}/.exec(log)?.[0];
  expect([lambda, name]).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:/), expect.anything()]);
  for (const guess of ['gateway', 'handler', 'tributary-gateway-dev-gateway']) {
    const answer = await fetch(`${lambda}/2015-03-31/functions/${guess}/invocations`, {
      method: 'POST',
      body: JSON.stringify(forged),
    });
    expect([guess, answer.status]).toEqual([guess, 404]);
  }
});

test('closed, it leaves no process and no listener', async () => {
  const { instance } = stack.machine;
  const open = processesMarked(instance).length;
  await door.stop();
  expect(processesMarked(instance).length).toBeLessThan(open);
  await expect(ask('/')).rejects.toThrow();
});
