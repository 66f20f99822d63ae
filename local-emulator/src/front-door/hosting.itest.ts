import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { GUARDED_LOOPBACK, type RunningFunction, startFunction } from '@tributary/platform/cloud-function/testing';
import { startIssuer, TEST_AUDIENCE, type TestIssuer } from '@tributary/platform/oidc/testing';
import { cloudRunJobs } from '../components/event-chain.ts';
import { processesMarked } from '../supervisor/identity.ts';
import { startComponents, type TestStack } from '../testing.ts';
import type { Door } from './door.ts';
import { startHosting } from './hosting.ts';

jest.setTimeout(60_000);

let issuer: TestIssuer;
let warehouseApi: RunningFunction;
let stack: TestStack;
let door: Door;

/** The real feature server, and the real warehouse API as it runs in the cloud: it asks who calls. */
beforeAll(async () => {
  issuer = await startIssuer();
  warehouseApi = await startFunction('warehouse-api', {
    ...{ TRIBUTARY_ENV: 'local', HOST: GUARDED_LOOPBACK },
    ...{ OIDC_AUDIENCE: TEST_AUDIENCE, OIDC_CERTS_URL: issuer.certsUrl },
    WAREHOUSE_API_ROLES: JSON.stringify({ operations: ['ops@x.test'] }),
    // Nobody asks these anything: no query is run.
    ...{ BIGQUERY_ENDPOINT: 'http://127.0.0.1:9', KAFKA_BROKERS: '127.0.0.1:9' },
    ...{ MINIO_ENDPOINT: 'http://127.0.0.1:9', MINIO_ACCESS_KEY: 'none', MINIO_SECRET_KEY: 'none-at-all' },
  });
  stack = await startComponents(['feast-server', 'cloud-run-jobs'], {
    instead: [
      {
        ...cloudRunJobs,
        start(machine) {
          const spec = cloudRunJobs.start(machine);
          const services = {
            'feast-server': `http://127.0.0.1:${machine.port('feast-server')}`,
            'warehouse-api': new URL(warehouseApi.url).origin,
          };
          return { ...spec, env: { ...spec.env, SERVICES: JSON.stringify(services) } };
        },
      },
    ],
  });
  const { instance, state } = stack.machine;
  door = await startHosting({ instance, state }, stack.env.RUN_ENDPOINT!);
}, 600_000);

afterAll(async () => {
  await door?.stop();
  await stack?.stop();
  await warehouseApi?.stop();
  await issuer?.stop();
}, 120_000);

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${door.url}${path}`, init);

describe('pages', () => {
  test('the page names both services, and may load nothing from elsewhere', async () => {
    const response = await ask('/');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    const page = await response.text();
    expect(page).toContain('data-service="feast-server" data-probe="/health"');
    expect(page).toContain('data-service="warehouse-api" data-probe="/queries"');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(page).not.toMatch(/<script(?![^>]* src="\/)|<style|style="|https?:\/\/(?!\w+\.w3)/);
  });

  test.each([
    ['/', 'no-cache'],
    ['/door.js', 'public, max-age=3600'],
    ['/door.css', 'public, max-age=3600'],
  ])('%s is kept as %s, and no browser guesses its type or frames it', async (path, kept) => {
    const { status, headers } = await ask(path);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': kept,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
  });

  test.each(['/nothing', '/metrics', '/pubsub/push', '/push', '/materialize', '/healthz', '/firebase.json'])(
    '%s is not behind the door: 404, by our page',
    async (path) => {
      for (const method of ['GET', 'POST']) {
        const response = await ask(path, { method });
        expect([method, response.status]).toEqual([method, 404]);
        expect(await response.text()).toContain('Not here');
      }
    },
  );
});

describe('the feature server through the door', () => {
  test('its health, with the headers of the door', async () => {
    const response = await ask('/health');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a request for features is answered, and no cache on the way may keep the answer', async () => {
    const response = await ask('/get-online-features', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ features: ['customer_features:orders_count'], entities: { customer_id: [1001] } }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ metadata: { feature_names: ['customer_id', 'orders_count'] } });
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(response.headers.get('vary')).toContain('Authorization');
  });
});

describe('the warehouse API through the door', () => {
  test('nobody is let in without a token: the door adds none', async () => {
    const response = await ask('/queries');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'TOKEN_MISSING' } });
  });

  test('a token passes unchanged, signature and all, and the service tells callers apart by it', async () => {
    const queries = async (token: string): Promise<{ name: string }[]> => {
      const response = await ask('/queries', { headers: { authorization: `Bearer ${token}` } });
      expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
      return ((await response.json()) as { queries: { name: string }[] }).queries;
    };
    expect((await queries(issuer.token({ email: 'ops@x.test' }))).map(({ name }) => name)).toContain('load-ledger');
    expect(await queries(issuer.token({ email: 'else@x.test' }))).toEqual([]);
  });

  test('a forged token is refused: nobody before the service has looked at it', async () => {
    const [head, , signature] = issuer.token().split('.');
    const claims = issuer.token({ email: 'ops@x.test' }).split('.')[1];
    const response = await ask('/queries', { headers: { authorization: `Bearer ${head}.${claims}.${signature}` } });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'TOKEN_INVALID' } });
  });

  test('path, parameters and errors of a query pass, and its 404 is not kept either', async () => {
    const response = await ask('/queries/no-such-query?day=2026-11-21&day=2026-11-22', {
      headers: { authorization: `Bearer ${issuer.token({ email: 'ops@x.test' })}` },
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'QUERY_NOT_DECLARED' } });
    expect(response.headers.get('cache-control')).toBe('private, no-store');
  });
});

test('a closed door leaves no process and no listener', async () => {
  const { instance } = stack.machine;
  const open = processesMarked(instance).length;
  await door.stop();
  expect(processesMarked(instance).length).toBeLessThan(open);
  await expect(ask('/')).rejects.toThrow();
});
