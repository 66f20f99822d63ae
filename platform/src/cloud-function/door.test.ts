import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TransientError, UserError } from '../errors/index.ts';
import { chainEvent, chainMessage } from '../events/index.ts';
import { createLogger } from '../log/index.ts';
import { startIssuer, TEST_AUDIENCE, TEST_CALLER } from '../oidc/testing/index.ts';
import { behindDoor } from './door.ts';
import type { EventHandler } from './index.ts';
import { answer, eventDoor, MAX_EVENT_BYTES } from './serve.ts';

const log = createLogger('test', { level: 'silent' });
const options = { chainTopic: 'tributary.chain' };
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A function behind its door, without the framework. */
async function listen(handler: EventHandler, oidc?: Parameters<typeof eventDoor>[0]['oidc']): Promise<string> {
  refused.length = 0;
  const outcome =
    () =>
    async (what: string, code = '') =>
      void refused.push([what, code]);
  const door = { ...eventDoor({ oidc }, log), outcome };
  const listener = behindDoor(door, (request, response) => void answer(request, response, handler, log, options));
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** What the door measured: outcome and code. */
const refused: [string, string][] = [];
const nothing: EventHandler = async () => {};
const event = chainEvent({ type: 'warehouse.loaded', runId: 'r', streams: ['orders'] });
const pushed = JSON.stringify({ message: { messageId: '1', data: chainMessage(event).data.toString('base64') } });
const json = { 'content-type': 'application/json' };
const post = async (url: string, body: string | Uint8Array, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { method: 'POST', headers: { ...json, ...headers }, body: body as string });
  return { status: response.status, text: await response.text(), headers: response.headers };
};

describe('answers', () => {
  test.each<[string, EventHandler, number]>([
    ['an event that was dealt with', nothing, 204],
    ['one that may succeed later', () => Promise.reject(new TransientError('BUSY', 'later')), 503],
    ['a fault of ours', () => Promise.reject(new Error('secret text')), 500],
    ['a configuration that is wrong', () => Promise.reject(new UserError('WAREHOUSE_FORBIDDEN', 'secret text')), 500],
  ])('%s', async (_what, handler, status) => {
    const answered = await post(await listen(handler), pushed);
    expect(answered.status).toBe(status);
    expect(answered.text).not.toContain('secret');
  });

  test('probes are answered, other methods are not', async () => {
    const url = await listen(nothing);
    expect((await fetch(url)).status).toBe(200);
    const put = await fetch(url, { method: 'PUT', body: '{}' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD']);
  });
});

describe('bodies', () => {
  test.each([
    ['gzip', gzipSync(pushed)],
    ['x-gzip', gzipSync(pushed)],
    ['deflate', deflateSync(pushed)],
    ['br', brotliCompressSync(pushed)],
    ['identity', Buffer.from(pushed)],
  ])('are unpacked: %s', async (encoding, body) => {
    expect((await post(await listen(nothing), body, { 'content-encoding': encoding })).status).toBe(204);
  });

  test('that announce more than any event has are not read', async () => {
    const url = new URL(await listen(nothing));
    const socket = connect(Number(url.port), url.hostname);
    socket.write(
      `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${MAX_EVENT_BYTES + 1}\r\n\r\n`,
    );
    const [answered] = (await once(socket, 'data')) as [Buffer];
    expect(answered.toString()).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });

  test('that grow beyond it, on the wire or as they are unpacked, are refused', async () => {
    const url = await listen(nothing);
    const bomb = gzipSync(Buffer.alloc(MAX_EVENT_BYTES + 1));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await post(url, bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
    const part = Buffer.alloc(1024 * 1024, 'x');
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(part) });
    const init = { method: 'POST', headers: json, body: endless, duplex: 'half' } as RequestInit;
    const status = await fetch(url, init).then(
      (response) => response.status,
      // The connection may be closed before the client has read the answer.
      () => 413,
    );
    expect(status).toBe(413);
  });
});

describe('callers', () => {
  test('need a token of one that is let in; probes need none', async () => {
    const issuer = await startIssuer();
    const { certsUrl } = issuer;
    let dealtWith = 0;
    const url = await listen(
      async () => {
        dealtWith += 1;
      },
      { audiences: [TEST_AUDIENCE], callers: [TEST_CALLER], issuers: [issuer.issuer], certsUrl, signature: 'verify' },
    );
    const as = (token?: string) => post(url, pushed, token ? { authorization: `Bearer ${token}` } : {});
    const nobody = await as();
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await as(issuer.token({ aud: 'else' }))).status).toBe(401);
    expect((await as(issuer.token({ email: 'else@x.org' }))).status).toBe(403);
    expect(dealtWith).toBe(0);
    const measured = [
      ['refused', 'TOKEN_MISSING'],
      ['refused', 'TOKEN_INVALID'],
      ['refused', 'CALLER_FORBIDDEN'],
    ];
    expect(refused).toEqual(measured);
    expect((await as(issuer.token())).status).toBe(204);
    expect(refused).toEqual(measured);
    expect(dealtWith).toBe(1);
    expect((await fetch(url)).status).toBe(200);
    await issuer.stop();
  });

  test('are asked to come back while the issuer’s keys cannot be fetched', async () => {
    const issuer = await startIssuer();
    const { certsUrl } = issuer;
    issuer.breakDown();
    const url = await listen(nothing, {
      ...{
        audiences: [TEST_AUDIENCE],
        callers: [TEST_CALLER],
        issuers: [issuer.issuer],
        certsUrl,
        signature: 'verify',
      },
    });
    expect((await post(url, pushed, { authorization: `Bearer ${issuer.token()}` })).status).toBe(503);
    expect(refused).toEqual([['again', 'OIDC_KEYS_UNAVAILABLE']]);
    await issuer.stop();
  });
});

describe('whatever is sent', () => {
  const headerValue = fc.stringMatching(/^[ -~]{0,40}$/);
  const plausible = fc.constantFrom(
    ...[
      'application/json',
      'application/cloudevents+json',
      'application/cloudevents',
      'text/plain',
      'application/x-www-form-urlencoded',
    ],
    ...[
      'application/json; charset=utf-16',
      'application/cloudevents+json; charset="UTF-8"',
      'gzip',
      'br',
      '1.0',
      '0.3',
      '%',
      '%E0%A4%A',
    ],
    ...[
      'google.cloud.storage.object.v1.finalized',
      'google.cloud.pubsub.topic.v1.messagePublished',
      'dev.tributary.sweep.tick.v1',
    ],
    ...['OBJECT_FINALIZE', 'OBJECT_DELETE', 'NONE', '//pubsub.googleapis.com/projects/p/topics/tributary.chain'],
  );
  const headers = fc.dictionary(
    fc.constantFrom(
      ...[
        'content-type',
        'content-encoding',
        'ce-id',
        'ce-type',
        'ce-source',
        'ce-specversion',
        'ce-subject',
        'traceparent',
      ],
      ...[
        'x-goog-pubsub-message-id',
        'eventtype',
        'bucketid',
        'objectid',
        'objectgeneration',
        'payloadformat',
        'authorization',
      ],
    ),
    fc.oneof(plausible, headerValue),
  );
  const word = fc.constantFrom(
    ...[
      'message',
      'data',
      'data_base64',
      'attributes',
      'messageId',
      'message_id',
      'subscription',
      'context',
      'eventType',
      '__proto__',
    ],
    ...[
      'specversion',
      'id',
      'type',
      'source',
      'bucket',
      'name',
      'generation',
      'timeCreated',
      'objectId',
      'bucketId',
      'toString',
    ],
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.string(), plausible, fc.base64String()),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(word, tie('value'), { maxKeys: 6 }),
    ),
  }));
  const body = fc.oneof(
    value.map((each) => Buffer.from(JSON.stringify(each) ?? '')),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    value.map((each) => gzipSync(JSON.stringify(each) ?? '')),
  );

  test('the answer is 2xx or 4xx, never 5xx and never none', async () => {
    const url = await listen(nothing);
    await fc.assert(
      fc.asyncProperty(headers, body, async (sent, bytes) => {
        const response = await fetch(url, { method: 'POST', headers: sent, body: new Uint8Array(bytes) });
        await response.text();
        expect([2, 4]).toContain(Math.floor(response.status / 100));
      }),
      { numRuns: 1_500 },
    );
  }, 60_000);
});
