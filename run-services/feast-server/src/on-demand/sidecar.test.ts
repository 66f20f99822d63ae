import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { Exchange } from '../http/exchange.ts';
import { OnDemandSidecar, readSidecarUrl } from './sidecar.ts';

let servers: Server[] = [];
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  servers = [];
});

async function sidecar(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return new OnDemandSidecar(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => 'trace');
}

function exchange(): Exchange {
  const headers = { authorization: 'Bearer planted' };
  const made = new Exchange({ method: 'POST', url: '/get-online-features', headers } as unknown as IncomingMessage);
  made.body = Buffer.from('{"entities":{"id":[9007199254740993]}}');
  return made;
}

test('off, a request for an on-demand view is 501 and says how to turn it on', async () => {
  await expect(new OnDemandSidecar(undefined, () => undefined).forward(exchange())).rejects.toMatchObject({
    status: 501,
    code: 'NOT_ENABLED',
    message: expect.stringMatching(/sidecar.*FEAST_SIDECAR_URL/),
  });
});

test('on, body and answer pass unchanged, and credentials stay here', async () => {
  let seen = '';
  const proxy = await sidecar(async (request, response) => {
    seen = `${request.url} ${request.headers.traceparent} ${request.headers.authorization} ${await text(request)}`;
    response.writeHead(418, { 'content-type': 'text/x' }).end('answer');
  });
  const reply = await proxy.forward(exchange());
  expect(seen).toBe('/get-online-features trace undefined {"entities":{"id":[9007199254740993]}}');
  expect({ ...reply, body: String(reply.body) }).toEqual({
    status: 418,
    headers: { 'content-type': 'text/x' },
    body: 'answer',
  });
});

test('a sidecar that is gone is 503', async () => {
  const proxy = await sidecar((request) => request.socket.destroy());
  await expect(proxy.forward(exchange())).rejects.toMatchObject({
    status: 503,
    code: 'BACKEND_UNAVAILABLE',
  });
});

test('a sidecar that does not answer is 503 when the deadline has passed', async () => {
  const proxy = await sidecar(() => {});
  const request = exchange();
  request.deadlineAt = performance.now() + 50;
  await expect(proxy.forward(request)).rejects.toMatchObject({ status: 503 });
  expect(performance.now()).toBeGreaterThanOrEqual(request.deadlineAt);
});

test('only a server of this machine can be a sidecar', () => {
  expect(readSidecarUrl({})).toBeUndefined();
  expect(readSidecarUrl({ FEAST_SIDECAR_URL: 'http://127.0.0.1:6567/' })).toBe('http://127.0.0.1:6567');
  for (const FEAST_SIDECAR_URL of ['http://10.0.0.1:6567', 'https://feast.test', '127.0.0.1:6567']) {
    expect(() => readSidecarUrl({ FEAST_SIDECAR_URL })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  }
});
