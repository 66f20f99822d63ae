import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { RecordedMetrics } from '@tributary/platform/metrics/testing';
import type { FeastServer } from './serve.ts';
import { FaultProxy } from './testing/fault-proxy.ts';
import { type RedisProcess, startRedis } from './testing/redis-process.ts';
import { activity, activityOf, applyDefinitions, lakeVariables, post, serveForTest } from './testing/served.ts';

// Real processes on a machine that may be busy; nothing here is measured.
jest.setTimeout(60_000);

let stack: TestStack;
let definitions: Awaited<ReturnType<typeof applyDefinitions>>;
let redisPort: number;
/** Ended after each test, in reverse. */
let cleanUp: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  stack = await startComponents(['redis']);
  redisPort = Number(stack.env.REDIS_ADDRESS!.split(':')[1]);
  definitions = await applyDefinitions(stack.machine.tools.pythonBin);
}, 240_000);
afterAll(async () => {
  definitions?.remove();
  await stack?.stop();
}, 60_000);
afterEach(async () => {
  for (const end of cleanUp.reverse()) await end();
  cleanUp = [];
});

async function start(environment: Record<string, string> = {}, lake?: MemoryLake): Promise<FeastServer> {
  const settings = {
    ...(lake && lakeVariables(stack.env)),
    REDIS_ADDRESS: `127.0.0.1:${redisPort}`,
    FEAST_REGISTRY: definitions.registry,
    ...environment,
  };
  const server = await serveForTest(settings, lake);
  cleanUp.push(() => server.close());
  return server;
}

async function startProxy(): Promise<FaultProxy> {
  const proxy = await FaultProxy.start({ host: '127.0.0.1', port: redisPort });
  cleanUp.push(() => proxy.stop());
  return proxy;
}

/** Asks until the answer has the status. */
async function until(status: number, ask: () => Promise<{ status: number }>): Promise<void> {
  for (;;) {
    if ((await ask()).status === status) return;
    await delay(20);
  }
}

const read = ({ address }: FeastServer) => post(`${address}/get-online-features`, activityOf(1));
const ready = ({ address }: FeastServer) => fetch(`${address}/readyz`);

describe('a Redis that misbehaves', () => {
  let proxy: FaultProxy;
  beforeEach(async () => {
    proxy = await startProxy();
  });

  test.each(['cut', 'garbage'] as const)('%s: reads and writes are 503, and well again with Redis', async (fault) => {
    const server = await start({ REDIS_ADDRESS: proxy.address });
    await until(200, () => read(server));
    proxy.fault = fault;
    await until(503, () => read(server));
    const refused = await read(server);
    expect([refused.status, refused.body.code]).toEqual([503, 'ONLINE_STORE_UNAVAILABLE']);
    expect(refused.headers.get('retry-after')).toBe('1');
    const pushed = await post(`${server.address}/push`, activity(1, '2026-01-01T00:00:00Z', 1));
    expect(pushed.status).toBe(503);
    await until(503, () => ready(server));
    expect((await fetch(`${server.address}/health`)).status).toBe(200);
    proxy.fault = 'pass';
    await until(200, () => read(server));
    await until(200, () => ready(server));
  });

  test('slow: the answer is 503 at the deadline, not when Redis gives up', async () => {
    const server = await start({ REDIS_ADDRESS: proxy.address, READ_DEADLINE_MS: '100', REDIS_TIMEOUT_MS: '600000' });
    await until(200, () => read(server));
    proxy.fault = 'hang';
    expect((await read(server)).body.code).toBe('DEADLINE_EXCEEDED');
  });

  test('a Redis that hangs is given up, and well again later', async () => {
    const server = await start({ REDIS_ADDRESS: proxy.address, READ_DEADLINE_MS: '60000', REDIS_TIMEOUT_MS: '100' });
    await until(200, () => read(server));
    proxy.fault = 'hang';
    expect((await read(server)).body.code).toBe('ONLINE_STORE_UNAVAILABLE');
    proxy.fault = 'pass';
    await until(200, () => read(server));
  });

  test('nothing piles up: of a thousand requests none is kept, and connections do not grow in number', async () => {
    const server = await start({ REDIS_ADDRESS: proxy.address, READ_DEADLINE_MS: '50', REDIS_TIMEOUT_MS: '200' });
    await until(200, () => read(server));
    proxy.fault = 'hang';
    for (let round = 0; round < 10; round += 1) {
      const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await read(server)).status));
      expect(new Set(statuses)).toEqual(new Set([503]));
    }
    // One to read and one to write by; beside each, one that was given up and is not gone yet.
    expect(proxy.mostConnections).toBeLessThanOrEqual(4);
    const metrics = await (await fetch(`${server.address}/metrics`)).text();
    // The scrape itself is at work.
    expect(metrics).toContain('feast_feature_server_requests_at_work 1\n');
    expect(metrics).toContain('feast_feature_server_bytes_at_work 0\n');
  });

  test('a server starts while Redis is away, and serves when it has come', async () => {
    proxy.fault = 'cut';
    const server = await start({ REDIS_ADDRESS: proxy.address });
    expect([(await read(server)).status, (await ready(server)).status]).toEqual([503, 503]);
    proxy.fault = 'pass';
    await until(200, () => read(server));
  });
});

describe('limits', () => {
  test('beyond the requests at work the answer is 503 with Retry-After at once, and room comes back', async () => {
    const proxy = await startProxy();
    const server = await start({ REDIS_ADDRESS: proxy.address, MAX_REQUESTS_AT_WORK: '2', REDIS_TIMEOUT_MS: '600000' });
    await until(200, () => read(server));
    proxy.fault = 'hang';
    const held = [read(server), read(server)];
    await until(503, async () => {
      const answer = await post(`${server.address}/get-online-features`, activityOf(1), {
        'x-envoy-expected-rq-timeout-ms': '1',
      });
      return { status: answer.body.code === 'OVERLOADED' ? answer.status : 0 };
    });
    expect((await Promise.all(held)).map(({ body }) => body.code)).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
  });

  test('a request for more values than allowed is 400 and says so', async () => {
    const server = await start({ MAX_FEATURE_VALUES: '3' });
    const answer = await post(`${server.address}/get-online-features`, activityOf(1, 2, 3, 4));
    expect([answer.status, answer.body.code]).toEqual([400, 'REQUEST_TOO_LARGE']);
    expect((await post(`${server.address}/get-online-features`, activityOf(1, 2, 3))).status).toBe(200);
  });

  test('a body that is too long is 413, said beforehand or found on the way', async () => {
    const server = await start({ MAX_BODY_BYTES: '100' });
    const body = ' '.repeat(101);
    const told = await fetch(`${server.address}/push`, { method: 'POST', body });
    expect(told.status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    });
    const found = await fetch(`${server.address}/push`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect([found.status, ((await found.json()) as { code: string }).code]).toEqual([413, 'BODY_TOO_LARGE']);
  });
});

test('the end is orderly: what is at work is answered, and its connection closed; nobody else connects', async () => {
  const proxy = await startProxy();
  const server = await start({ REDIS_ADDRESS: proxy.address, REDIS_TIMEOUT_MS: '600000', READ_DEADLINE_MS: '60000' });
  await until(200, () => read(server));
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const seen = new Promise<void>((resolve) => {
    proxy.onData = () => {
      resolve();
      return released;
    };
  });
  const held = read(server);
  await seen;
  const closed = server.close();
  const { hostname, port } = new URL(server.address);
  const refused = await once(connect(Number(port), hostname), 'connect').then(
    () => 'connected',
    (error: NodeJS.ErrnoException) => error.code,
  );
  expect(refused).toBe('ECONNREFUSED');
  release();
  const answer = await held;
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  await closed;
});

describe('strict semantics', () => {
  const strict = { FEAST_SEMANTICS: 'strict' };

  test('what is missing is NOT_FOUND, what is null NULL_VALUE, and freshness is told', async () => {
    const server = await start(strict);
    await post(`${server.address}/push`, activity(101, '2026-01-02T03:04:05.678901Z', 7));
    await post(`${server.address}/push`, activity(102, '2026-01-03T00:00:00Z', null));
    const { body } = await post(`${server.address}/get-online-features`, activityOf(101, 102, 103));
    expect((body.results as object[])[1]).toEqual({
      values: [7, null, null],
      statuses: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND'],
      event_timestamps: ['2026-01-02T03:04:05.678901Z', '2026-01-03T00:00:00Z', '1970-01-01T00:00:00Z'],
    });
    expect(body.metadata).toEqual({
      feature_names: ['customer_id', 'events_5m'],
      freshness: [
        null,
        {
          feature_view: 'customer_activity',
          oldest_event_timestamp: '2026-01-02T03:04:05.678901Z',
          newest_event_timestamp: '2026-01-03T00:00:00Z',
          max_age_seconds: null,
        },
      ],
    });
  });

  test('a newer write of the same time wins, and loses with the semantics of Feast', async () => {
    const server = await start();
    const values = async () => {
      const { body } = await post(`${server.address}/get-online-features`, activityOf(104));
      return (body.results as { values: unknown[] }[])[1]!.values;
    };
    await post(`${server.address}/push`, activity(104, '2026-01-02T00:00:00Z', 1));
    await post(`${server.address}/push`, activity(104, '2026-01-02T00:00:00Z', 2));
    expect(await values()).toEqual([1]);
    await post(`${server.address}/push?semantics=strict`, activity(104, '2026-01-02T00:00:00Z', 3));
    expect(await values()).toEqual([3]);
  });

  test("what Feast's server answers with 500 is 400", async () => {
    const server = await start();
    const wrong = { features: [], entities: { customer_id: [1] } };
    expect((await post(`${server.address}/get-online-features`, wrong)).status).toBe(500);
    const answer = await post(`${server.address}/get-online-features?semantics=strict`, wrong);
    expect([answer.status, answer.body]).toEqual([
      400,
      { code: 'INVALID_REQUEST', detail: 'No features specified for retrieval' },
    ]);
  });
});

describe('feature rows by Pub/Sub push', () => {
  // Dead letters alone need the bus, and nobody connects to it before there is one.
  const push = { FEATURES_DELIVERY: 'push', BUS: 'kafka', KAFKA_BROKERS: '127.0.0.1:1' };
  const deliver = (server: FeastServer, n: number) => {
    const [events_5m, events_1h, events_24h] = [n, n, n];
    const row = {
      view: 'customer_activity',
      entity: { customer_id: 105 },
      event_time: '2026-01-02T00:00:00.000000Z',
      event_timestamp: `2026-01-02T00:00:00.00000${n}Z`,
      latest: true,
      features: { events_5m, events_1h, events_24h, spend_5m: '0', spend_1h: '12.5', spend_24h: null },
      event_id: '0'.repeat(32),
      emitted_at: '2026-01-02T00:00:01.000Z',
    };
    const data = Buffer.from(JSON.stringify(row)).toString('base64');
    return post(`${server.address}/pubsub/push`, { message: { data, messageId: String(n), attributes: {} } });
  };
  const served = async ({ address }: FeastServer) => {
    const features = ['customer_activity:events_5m', 'customer_activity:spend_1h'];
    const { body } = await post(`${address}/get-online-features`, { features, entities: { customer_id: [105] } });
    return (body.results as { values: unknown[] }[]).slice(1).map(({ values }) => values[0]);
  };

  test('are 204 once they are online, and an older one never takes the place of a newer', async () => {
    const recorded = new RecordedMetrics();
    cleanUp.push(() => recorded.stop());
    const server = await start(push, new MemoryLake());
    expect((await Promise.all([3, 1, 2, 3].map((n) => deliver(server, n)))).map(({ status }) => status)).toEqual([
      204, 204, 204, 204,
    ]);
    expect(await served(server)).toEqual([3, 12.5]);
    expect((await deliver(server, 2)).status).toBe(204);
    expect(await served(server)).toEqual([3, 12.5]);
    const counted = await recorded.of('tributary.push.rows');
    expect(counted.reduce((sum, { value }) => sum + Number(value), 0)).toBe(5);
  });

  test('are 503 while Redis is away, so that they come again', async () => {
    const proxy = await startProxy();
    const server = await start({ ...push, REDIS_ADDRESS: proxy.address }, new MemoryLake());
    proxy.fault = 'cut';
    await until(503, () => deliver(server, 4));
    proxy.fault = 'pass';
    await until(204, () => deliver(server, 4));
    expect((await served(server))[0]).toBe(4);
  });
});

describe('a Redis with a password', () => {
  let redis: RedisProcess;
  beforeEach(async () => {
    redis = await startRedis(stack.machine.tools.redisServer, ['--requirepass', 'right']);
    cleanUp.push(() => redis.stop());
  });
  const withPassword = (password: string) =>
    start({ REDIS_ADDRESS: `127.0.0.1:${redis.port}`, REDIS_PASSWORD: password });

  test('takes the right one', async () => {
    expect((await read(await withPassword('right'))).status).toBe(200);
  });

  test('and with a wrong one requests are 503, and say why without saying it', async () => {
    const { status, body } = await read(await withPassword('planted'));
    expect(status).toBe(503);
    expect(body.detail).toContain('WRONGPASS');
    expect(JSON.stringify(body)).not.toContain('planted');
  });
});

describe('Redis by TLS', () => {
  let folder: string;
  let address: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-tls-'));
    cleanUp.push(() => rmSync(folder, { recursive: true }));
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    await promisify(execFile)('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      ...subject,
      ...files,
    ]);
    const certificate = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
    // The redis-server of PyPI has no TLS; what ends it in front of Redis is what managed services do.
    const front = createTlsServer(certificate, (client) => {
      const upstream = connect(redisPort, '127.0.0.1');
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
      client.pipe(upstream).pipe(client);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    cleanUp.push(() => void front.close());
    address = `localhost:${(front.address() as AddressInfo).port}`;
  });

  test('is trusted by its authority', async () => {
    const tls = { REDIS_ADDRESS: address, REDIS_TLS: 'true', REDIS_CA_FILE: join(folder, 'cert.pem') };
    expect((await read(await start(tls))).status).toBe(200);
  });

  test('is not spoken to where nobody vouches for it', async () => {
    const { status, body } = await read(await start({ REDIS_ADDRESS: address, REDIS_TLS: 'true' }));
    expect([status, body.code]).toEqual([503, 'ONLINE_STORE_UNAVAILABLE']);
    expect(body.detail).toContain('SELF_SIGNED_CERT');
  });
});
