import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@tributary/platform/log';
import { OidcVerifier } from '@tributary/platform/oidc';
import { startIssuer, type TestIssuer } from '@tributary/platform/oidc/testing';
import { startComponents, type TestStack } from '../testing.ts';
import { Pusher } from './pusher.ts';
import { SubscriptionClient } from './rest-client.ts';

interface Request {
  readonly headers: IncomingMessage['headers'];
  readonly body: { message: Record<string, unknown>; subscription: string; deliveryAttempt?: number };
}

let stack: TestStack;
let issuer: TestIssuer;
let server: Server;
let endpoint: string;
let requests: Request[];
/** What the endpoint answers; the last one from then on. Zero: nothing, the connection ends. */
let answers: number[];
let stop: AbortController;
let running: Promise<void>[];
let topics = 0;

beforeAll(async () => {
  stack = await startComponents(['pubsub'], { needs: false });
  issuer = await startIssuer();
}, 300_000);

afterAll(async () => {
  await issuer?.stop();
  await stack?.stop();
}, 60_000);

beforeEach(async () => {
  [requests, answers, running, stop] = [[], [204], [], new AbortController()];
  server = createServer(async (request, response) => {
    requests.push({ headers: request.headers, body: JSON.parse(await text(request)) });
    const status = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (status === 0) request.socket.destroy();
    else response.writeHead(status).end('as the test wants it');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/push`;
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  server.closeAllConnections();
  server.close();
});

const rest = async (method: string, path: string, body: object = {}) => {
  const response = await fetch(`${stack.env.PUBSUB_REST_URL}/v1/projects/p/${path}`, {
    method,
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer as Record<string, never>;
};

/** A topic, a subscription that retries at once, and where its dead letters go. */
async function subscription(settings: object = {}): Promise<{ topic: string; name: string; letters: string }> {
  topics += 1;
  const [topic, letters] = [`topics/t${topics}`, `topics/letters${topics}`];
  await rest('PUT', topic);
  await rest('PUT', letters);
  await rest('PUT', `subscriptions/letters${topics}`, { topic: `projects/p/${letters}`, ackDeadlineSeconds: 10 });
  await rest('PUT', `subscriptions/s${topics}`, {
    ...{ topic: `projects/p/${topic}`, ackDeadlineSeconds: 10 },
    deadLetterPolicy: { deadLetterTopic: `projects/p/${letters}`, maxDeliveryAttempts: 5 },
    ...settings,
  });
  return { topic, name: `projects/p/subscriptions/s${topics}`, letters: `subscriptions/letters${topics}` };
}

function push(name: string, until = stop): Pusher {
  const settings = {
    subscription: name,
    endpoint,
    leaseSeconds: 10,
    token: (audience: string) => issuer.token({ aud: audience }),
  };
  const log = createLogger('test', { level: 'silent' });
  const pusher = new Pusher(settings, new SubscriptionClient(stack.env.PUBSUB_REST_URL!, name), log);
  running.push(pusher.run(until.signal));
  return pusher;
}

const publish = (topic: string, messages: object[]) => rest('POST', `${topic}:publish`, { messages });
const base64 = (value: string) => Buffer.from(value).toString('base64');

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = Date.now(); !(await holds()); await delay(20)) {
    if (Date.now() - start > 60_000) throw new Error(`waited 60 s for ${what}`);
  }
}

const waiting = async (name: string): Promise<number> =>
  ((await (await fetch(`${stack.env.PUBSUB_REST_URL}/unacknowledged`)).json()) as Record<string, number>)[name]!;

describe('the push deliverer', () => {
  test("posts a message in Pub/Sub's form, with a token for the endpoint that the shipped verifier takes", async () => {
    const { topic, name } = await subscription();
    push(name);
    await publish(topic, [
      { data: base64('{"ä":1}'), attributes: { 'ce-id': '1', eventType: 'OBJECT_FINALIZE' }, orderingKey: 'k' },
    ]);
    await until('the request', () => requests.length > 0);
    const { headers, body } = requests[0]!;
    expect(headers['content-type']).toBe('application/json');
    const { messageId, publishTime } = body.message;
    expect(body).toEqual({
      message: {
        ...{ data: base64('{"ä":1}'), attributes: { 'ce-id': '1', eventType: 'OBJECT_FINALIZE' }, orderingKey: 'k' },
        ...{ messageId, message_id: messageId, publishTime, publish_time: publishTime },
      },
      subscription: name,
      deliveryAttempt: 1,
    });
    expect(new Date(String(publishTime)).getTime()).toBeGreaterThan(Date.now() - 120_000);
    const verifier = new OidcVerifier({
      ...{ audiences: [endpoint], issuers: [issuer.issuer], certsUrl: issuer.certsUrl, signature: 'verify' },
    });
    expect(await verifier.verify(headers.authorization)).toEqual({ email: 'pusher@project.iam.gserviceaccount.com' });
    await until('the acknowledgement', async () => (await waiting(name)) === 0);
  }, 90_000);

  test.each([200, 201, 202, 204])(
    'takes the answer %d for an acknowledgement',
    async (status) => {
      answers = [status];
      const { topic, name } = await subscription();
      const pusher = push(name);
      await publish(topic, [{ attributes: { a: 'b' } }]);
      await until('the acknowledgement', () => pusher.stats.delivered === 1);
      await until('nothing to wait', async () => (await waiting(name)) === 0);
      expect(requests).toHaveLength(1);
    },
    60_000,
  );

  test('what is refused, or has no answer, is posted again, with the number of the attempt', async () => {
    answers = [503, 0, 400, 204];
    const { topic, name, letters } = await subscription();
    push(name);
    await publish(topic, [{ data: base64('x') }]);
    await until('the acknowledgement', async () => (await waiting(name)) === 0);
    expect(requests.map(({ body }) => body.deliveryAttempt)).toEqual([1, 2, 3, 4]);
    expect(await rest('POST', `${letters}:pull`, { returnImmediately: true })).toEqual({});
  }, 60_000);

  test('what is refused at every attempt is a dead letter as it was, and what is behind it goes on', async () => {
    answers = [400];
    const { topic, name, letters } = await subscription();
    push(name);
    await publish(topic, [{ data: base64('bad'), attributes: { 'ce-type': 'x' } }]);
    let letter: Record<string, unknown> | undefined;
    await until('the dead letter', async () => {
      const { receivedMessages } = (await rest('POST', `${letters}:pull`)) as {
        receivedMessages?: { message: object }[];
      };
      letter = receivedMessages?.[0]?.message as typeof letter;
      return letter !== undefined;
    });
    expect(requests.map(({ body }) => body.deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
    expect(letter).toMatchObject({
      data: base64('bad'),
      attributes: {
        'ce-type': 'x',
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: name.split('/').at(-1),
      },
    });
    answers = [204];
    await publish(topic, [{ data: base64('good') }]);
    await until('the next message', async () => requests.length === 6 && (await waiting(name)) === 0);
  }, 60_000);

  test("a refused message waits as the subscription's retry policy says, and holds up nobody", async () => {
    answers = [500, 204];
    const { topic, name } = await subscription({ retryPolicy: { minimumBackoff: '5s', maximumBackoff: '10s' } });
    push(name);
    await publish(topic, [{ data: base64('first') }]);
    await until('the refusal', () => requests.length === 1);
    await publish(topic, [{ data: base64('second') }]);
    await until('both', () => requests.length === 3);
    expect(requests.map(({ body }) => Buffer.from(String(body.message.data), 'base64').toString())).toEqual([
      'first',
      'second',
      'first',
    ]);
  }, 60_000);

  test('a deliverer that ends with a request under way leaves its message to the next one', async () => {
    const { topic, name } = await subscription();
    const first = new AbortController();
    let hold = () => {};
    const held = new Promise<void>((resolve) => {
      hold = resolve;
    });
    server.removeAllListeners('request');
    let seen = 0;
    server.on('request', async (_request, response) => {
      seen += 1;
      if (seen === 1) await held;
      response.writeHead(204).end();
    });
    push(name, first);
    await publish(topic, [{ data: base64('x') }]);
    await until('the request', () => seen === 1);
    first.abort();
    push(name);
    await until('the second request', () => seen === 2);
    hold();
    await until('the acknowledgement', async () => (await waiting(name)) === 0);
  }, 60_000);

  test('a filter delivers the types it names, and no others', async () => {
    const filter =
      'attributes."ce-type" = "dev.tributary.sweep.tick.v1" OR attributes."ce-type" = "dev.tributary.warehouse.loaded.v1"';
    const { topic, name } = await subscription({ filter });
    push(name);
    const typed = (type: string) => ({ attributes: { 'ce-type': `dev.tributary.${type}.v1` } });
    await publish(topic, [
      typed('quality.checked'),
      typed('warehouse.loaded'),
      typed('incident.raised'),
      typed('sweep.tick'),
    ]);
    await until('both', () => requests.length >= 2);
    const types = requests.map(({ body }) => (body.message.attributes as Record<string, string>)['ce-type']);
    expect(types.toSorted()).toEqual(['dev.tributary.sweep.tick.v1', 'dev.tributary.warehouse.loaded.v1']);
  }, 60_000);
});
