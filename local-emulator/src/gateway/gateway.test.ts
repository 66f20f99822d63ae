import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type InstanceStatus, writeStatus } from '../supervisor/status-file.ts';
import { gateway, type HttpApiAnswer, type HttpApiEvent } from './gateway.ts';

let state: string;
let echo: Server;
let asked: string[] = [];

/** Answers with what it was asked. */
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'gateway-'));
  echo = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { method, url, headers } = request;
    const told = { method, url, headers, body: (await buffer(request)).toString('base64') };
    response
      .writeHead(418, { 'content-type': 'application/json', 'content-encoding': 'gzip', 'keep-alive': 'timeout=9' })
      .end(gzipSync(JSON.stringify(told)));
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  const component = { restarts: 0, since: '', state: 'ready', summary: 'a part' } as const;
  writeStatus(state, {
    ...{ instance: 'up', state: 'ready', ports: {}, supervisor: { pid: 1, startedAt: '1' } },
    components: [
      { ...component, name: 'warehouse-api', url: `${url}/queries` },
      { ...component, name: 'function-notify', url: 'http://127.0.0.1:9' },
      { ...component, name: 'postgres', url: 'postgres://127.0.0.1:5432' },
      { ...component, name: 'minio', url },
    ],
  } satisfies InstanceStatus);
});

afterAll(() => {
  echo.close();
  rmSync(state, { recursive: true });
});

function event(rawPath: string, more: Partial<HttpApiEvent> & { method?: string } = {}): HttpApiEvent {
  const { method = 'GET', headers, ...rest } = more;
  return { rawPath, headers: { host: '127.0.0.1:3000', ...headers }, ...rest, requestContext: { http: { method } } };
}

const send = (...args: Parameters<typeof event>): Promise<HttpApiAnswer> => gateway(state)(event(...args));
const errorOf = ({ statusCode, body }: HttpApiAnswer): unknown[] => [statusCode, JSON.parse(body).error?.code];

describe('passing on', () => {
  test('path, query, body and credentials arrive as they were sent, without the first segment', async () => {
    asked = [];
    const answer = await send('/warehouse-api/queries/a%2Fb', {
      method: 'POST',
      rawQueryString: 'x=1&x=2&y=%2B%20z',
      headers: { authorization: 'Bearer t', 'content-type': 'application/octet-stream', connection: 'upgrade' },
      body: Buffer.from([0, 255, 1]).toString('base64'),
      isBase64Encoded: true,
    });
    expect(asked).toEqual(['POST /queries/a%2Fb?x=1&x=2&y=%2B%20z']);
    expect([answer.statusCode, answer.headers['content-encoding'], answer.headers['keep-alive']]).toEqual([
      418,
      'gzip',
      undefined,
    ]);
    const { headers, body } = seen(answer);
    expect(Buffer.from(body, 'base64')).toEqual(Buffer.from([0, 255, 1]));
    expect(headers).toMatchObject({ authorization: 'Bearer t', 'content-length': '3' });
    expect(headers.host).not.toBe('127.0.0.1:3000');
    expect(headers.connection).not.toBe('upgrade');
  });

  test('an endpoint alone is its root', async () => {
    expect(seen(await send('/warehouse-api')).url).toBe('/');
  });

  test('what is not there, not ours or not up is told apart', async () => {
    expect(errorOf(await send('/nope/x'))).toEqual([404, 'ENDPOINT_UNKNOWN']);
    expect(errorOf(await send('/minio/x'))).toEqual([404, 'ENDPOINT_UNKNOWN']);
    expect(errorOf(await send('/function-notify/health'))).toEqual([502, 'ENDPOINT_DOWN']);
    expect(errorOf(await gateway(join(state, 'none'))(event('/')))).toEqual([503, 'NOTHING_RUNNING']);
  });

  test('the list has the endpoints of ours, each with something to try', async () => {
    const { statusCode, body } = await send('/');
    expect([statusCode, JSON.parse(body)]).toMatchObject([
      200,
      {
        endpoints: [
          { name: 'warehouse-api', path: '/warehouse-api/', try: '/warehouse-api/queries', state: 'ready' },
          { name: 'function-notify', try: '/function-notify/health' },
        ],
      },
    ]);
  });
});

describe('who may', () => {
  test.each(['http://localhost:5173', 'http://127.0.0.1:8080', 'https://localhost', 'http://[::1]:80'])(
    'a page of %s may read answers',
    async (origin) => {
      const { statusCode, headers } = await send('/warehouse-api/', { headers: { origin } });
      expect([statusCode, headers['access-control-allow-origin']]).toEqual([418, origin]);
      const asking = await send('/warehouse-api/', { method: 'OPTIONS', headers: { origin } });
      expect([asking.statusCode, asking.headers['access-control-allow-headers']]).toEqual([
        204,
        expect.stringContaining('authorization'),
      ]);
    },
  );

  test.each([
    ['another site', { origin: 'https://evil.test' }],
    ['a site whose name begins like ours', { origin: 'http://localhost.evil.test' }],
    ['a sandboxed page', { origin: 'null' }],
    ['a name that was pointed at the loopback', { host: 'evil.test:3000' }],
    ['no name at all', { host: undefined }],
  ])('%s reaches nothing, not even to be refused there', async (_who, headers) => {
    asked = [];
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const answer = await send('/warehouse-api/queries', { method, headers });
      expect(errorOf(answer)).toEqual([403, 'ORIGIN_FORBIDDEN']);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
    expect(asked).toEqual([]);
  });
});

interface Seen {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

function seen({ body, isBase64Encoded }: HttpApiAnswer): Seen {
  expect(isBase64Encoded).toBe(true);
  return JSON.parse(gunzipSync(Buffer.from(body, 'base64')).toString());
}
