import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { API_VERSION, openApiDocument } from '../../src/openapi/index.ts';
import { fingerprint } from '../scripts/fingerprint.ts';
import { FeastClient, type FeastClientOptions } from './index.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  if (server) await once(server, 'close');
  server = undefined;
});

async function client(listener: RequestListener, options: Partial<FeastClientOptions> = {}): Promise<FeastClient> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new FeastClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    retries: 0,
    ...options,
  });
}

const QUERY = { features: ['v:f'], entities: { id: [9_007_199_254_740_993n, 1] } };

test('the types are those of the document that the server serves', () => {
  const generated = readFileSync(new URL('./generated/api.ts', import.meta.url), 'utf8');
  const expected = fingerprint(JSON.stringify(openApiDocument(API_VERSION)));
  // Else: npm run generate -w run-services/feast-server/client
  expect(generated.split('\n', 1)[0]).toBe(`// Document: ${expected}`);
});

test('columns become rows by name, and integers beyond 2^53 stay exact both ways', async () => {
  let seen = '';
  const feast = await client(
    async (request, response) => {
      seen = `${request.url} ${request.headers['x-api-key']} ${await text(request)}`;
      response.end(
        '{"results":[{"values":[9007199254740993,1],"statuses":["PRESENT","PRESENT"],"event_timestamps":["e","e"]},' +
          '{"values":[1.5,null],"statuses":["PRESENT","NOT_FOUND"],"event_timestamps":["t","e"]}],"metadata":{"feature_names":["id","f"]}}',
      );
    },
    { apiKey: 'key' },
  );
  const rows = await feast.getOnlineFeatures({ ...QUERY, semantics: 'strict' });
  expect(seen).toMatch(/^\/get-online-features\?semantics=strict key .*"id":\[9007199254740993,1\]/);
  expect(rows).toEqual([
    {
      values: { id: 9_007_199_254_740_993n, f: 1.5 },
      statuses: { id: 'PRESENT', f: 'PRESENT' },
      eventTimestamps: { id: 'e', f: 't' },
    },
    {
      values: { id: 1, f: null },
      statuses: { id: 'PRESENT', f: 'NOT_FOUND' },
      eventTimestamps: { id: 'e', f: 'e' },
    },
  ]);
});

test.each([
  [400, '{"code":"REQUEST_TOO_LARGE","detail":"less"}', 'REQUEST_TOO_LARGE', 'less', false],
  [503, '{"code":"OVERLOADED","detail":"later"}', 'OVERLOADED', 'later', true],
  [
    404,
    JSON.stringify('{"module": "m", "class": "FeatureViewNotFoundException", "message": "no v"}'),
    'FeatureViewNotFoundException',
    'no v',
    false,
  ],
  [
    500,
    '"All entity rows must have the same columns."',
    'FEAST_ERROR',
    'All entity rows must have the same columns.',
    false,
  ],
  [
    422,
    '{"detail":[{"type":"missing","loc":["body","df"],"msg":"Field required"}]}',
    'INVALID_REQUEST',
    'body.df: Field required',
    false,
  ],
  [502, '<html>', 'HTTP_ERROR', 'HTTP 502', false],
])('HTTP %s %s is told as %s', async (status, body, code, message, isTransient) => {
  const feast = await client((_request, response) => response.writeHead(status).end(body));
  await expect(feast.getOnlineFeatures(QUERY)).rejects.toMatchObject({ status, code, message, isTransient });
});

test('503 and a lost connection are tried again, a refusal is not', async () => {
  let requests = 0;
  const feast = await client(
    (request, response) => {
      requests += 1;
      if (requests === 1) request.socket.destroy();
      else if (requests === 2) response.writeHead(503).end('{"code":"OVERLOADED","detail":"later"}');
      else response.writeHead(400).end('{"code":"REQUEST_TOO_LARGE","detail":"less"}');
    },
    { retries: 5 },
  );
  await expect(feast.push('source', { id: [1] })).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' });
  expect(requests).toBe(3);
});

test('a server that does not answer in time is NO_ANSWER', async () => {
  const feast = await client(() => {}, { timeoutMs: 50 });
  await expect(feast.writeToOnlineStore('view', { id: [1] })).rejects.toMatchObject({
    code: 'NO_ANSWER',
    status: undefined,
    isTransient: true,
  });
});
