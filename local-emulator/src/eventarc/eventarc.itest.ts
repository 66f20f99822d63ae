import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { type DeliveredEvent, readEvent } from '@tributary/platform/cloud-function';
import { readConfigFrom } from '@tributary/platform/config';
import { chainEvent, chainMessage } from '@tributary/platform/events';
import { createLake, type Lake } from '@tributary/platform/lake';
import { startComponents, type TestStack } from '../testing.ts';

const MAIN = new URL('./main.ts', import.meta.url).pathname;

/** A function of a test: keeps what it is told, and answers as it is told to. */
class TestFunction {
  readonly events: DeliveredEvent[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  /** Answers to requests, by object name or chain event type. */
  answer: (subject: string) => number | Promise<number> = () => 204;
  #server: Server | undefined;
  #port = 0;

  async listen(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      const event = readEvent(request.headers, await buffer(request));
      if (event.kind === 'foreign') throw new Error(`${event.type} is not an event of ours: ${event.why}`);
      const status = await this.answer(subjectOf(event));
      if (status === 204) {
        this.events.push(event);
        this.headers.push(request.headers);
      }
      response.writeHead(status).end();
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Subjects of the events taken, each once, in order of first arrival. */
  get subjects(): string[] {
    return [...new Set(this.events.map(subjectOf))];
  }
}

function subjectOf(event: DeliveredEvent): string {
  return event.kind === 'object' ? event.object.name : event.event.type;
}

describe('the Eventarc stand-in, between a real MinIO, a real Kafka and functions', () => {
  let stack: TestStack;
  let lake: Lake;
  let bus: ManagedBus;
  let lakeBucket: string;
  let env: Record<string, string>;
  let standIn: ChildProcess | undefined;
  let first: TestFunction;
  let second: TestFunction;
  let run = 0;

  async function start(options: { tickSeconds?: number } = {}): Promise<void> {
    const routes = [
      { function: 'first', url: first.url, on: 'object', bucket: lakeBucket, prefix: `processed/run-${run}/` },
      { function: 'first', url: first.url, on: 'chain', types: ['warehouse.loaded', 'sweep.tick'] },
      { function: 'second', url: second.url, on: 'object', bucket: lakeBucket, prefix: `processed/run-${run}/` },
    ];
    const port = stack.machine.port('eventarc');
    standIn = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        ...env,
        LOG_LEVEL: 'silent',
        HOST: '127.0.0.1',
        PORT: String(port),
        ROUTES: JSON.stringify(routes),
        WEBHOOK_TOKEN: stack.machine.secrets.webhookToken,
        TICK_SECONDS: String(options.tickSeconds ?? 3_600),
        NODE_NO_WARNINGS: '1',
      },
    });
    await until('the stand-in to be ready', async () => {
      const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
      return response?.ok === true;
    });
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!standIn || standIn.exitCode !== null || standIn.signalCode !== null) return;
    const exited = once(standIn, 'exit');
    standIn.kill(signal);
    await exited;
  }

  const stats = async (name: string): Promise<Record<string, number>> => {
    const response = await fetch(`http://127.0.0.1:${stack.machine.port('eventarc')}/stats`);
    return ((await response.json()) as { functions: Record<string, Record<string, number>> }).functions[name]!;
  };

  const put = async (count: number, from = 0): Promise<string[]> => {
    const names = Array.from({ length: count }, (_, n) => `processed/run-${run}/part-${from + n}`);
    for (const name of names) await lake.write(lakeBucket, name, name);
    return names;
  };

  beforeAll(async () => {
    stack = await startComponents(['kafka', 'minio'], { needs: false });
  }, 300_000);

  beforeEach(async () => {
    run += 1;
    env = { ...stack.env, TOPIC_PREFIX: `run-${run}.` };
    const config = readConfigFrom(env, 'lake', 'bus');
    lakeBucket = config.lake.lakeBucket;
    lake = createLake(config.lake);
    bus = createBus(config.bus);
    await bus.ensureTopics();
    first = new TestFunction();
    second = new TestFunction();
    await Promise.all([first.listen(), second.listen()]);
  }, 60_000);

  afterEach(async () => {
    await stop();
    await Promise.all([first.close(), second.close(), bus.close()]);
  }, 60_000);

  afterAll(() => stack?.stop(), 60_000);

  test('an object that is written reaches every function that its bucket and prefix concern, as Google tells it', async () => {
    await start();
    const name = `processed/run-${run}/dt=2026-11-21/ä b+c%.json`;
    const written = await lake.write(lakeBucket, name, '{}', { contentType: 'application/json' });
    await lake.write(lakeBucket, 'elsewhere/part-1', 'x');
    await until('both functions', () => first.events.length > 0 && second.events.length > 0);
    // Time for the second telling, which must not become a second delivery.
    await delay(4_000);
    expect(first.events).toHaveLength(1);
    expect(second.events).toHaveLength(1);
    expect(first.events[0]).toMatchObject({
      kind: 'object',
      object: { bucket: lakeBucket, name, generation: written.generation, size: 2 },
    });
    expect(first.headers[0]).toMatchObject({
      'ce-specversion': '1.0',
      'ce-type': 'google.cloud.storage.object.v1.finalized',
      'ce-source': `//storage.googleapis.com/projects/_/buckets/${lakeBucket}`,
      'ce-subject': `objects/processed/run-${run}/dt=2026-11-21/%C3%A4%20b+c%25.json`,
      'ce-bucket': lakeBucket,
      'content-type': 'application/json; charset=utf-8',
    });
  }, 60_000);

  test('what happens while a function is down reaches it afterwards, and holds up no other function', async () => {
    await start();
    await second.close();
    const names = await put(30);
    await until('the function that is up', () => first.subjects.length === 30);
    expect(second.events).toEqual([]);
    expect((await stats('second')).backlog).toBeGreaterThan(0);
    await second.listen();
    await until('the function that was down', () => second.subjects.length === 30);
    expect(second.subjects.sort()).toEqual(names.sort());
    await until('an empty backlog', async () => (await stats('second')).backlog === 0);
  }, 90_000);

  test('a kill of the stand-in loses nothing: neither what it had taken nor what is written while it is away', async () => {
    first.answer = async () => {
      await delay(50);
      return 204;
    };
    await start();
    const before = await put(100);
    await until('some deliveries', () => first.events.length > 5);
    await stop('SIGKILL');
    const between = await put(20, 100);
    await start();
    const after = await put(5, 120);
    const all = [...before, ...between, ...after].sort();
    await until('everything', () => first.subjects.length === all.length && second.subjects.length === all.length);
    expect(first.subjects.sort()).toEqual(all);
    expect(second.subjects.sort()).toEqual(all);
  }, 120_000);

  test('a refused event is counted and not repeated; one that fails often lets the others pass and is repeated', async () => {
    const attempts = new Map<string, number>();
    let broken = true;
    first.answer = (subject) => {
      attempts.set(subject, (attempts.get(subject) ?? 0) + 1);
      if (subject.endsWith('part-0')) return 400;
      if (subject.endsWith('part-1') && broken) return 500;
      return 204;
    };
    await start();
    await put(10);
    await until('the events beside', () => first.subjects.length === 8);
    await until('repetitions', () => (attempts.get(`processed/run-${run}/part-1`) ?? 0) >= 4);
    broken = false;
    await until('the event that failed', () => first.subjects.length === 9);
    await until('an empty backlog', async () => (await stats('first')).backlog === 0);
    expect(attempts.get(`processed/run-${run}/part-0`)).toBe(1);
    expect(await stats('first')).toMatchObject({ delivered: 9, refused: 1, retrying: 0 });
  }, 90_000);

  test('chain events and ticks reach the functions that ask for them, and only them', async () => {
    await start({ tickSeconds: 1 });
    const loaded = chainEvent({ type: 'warehouse.loaded', runId: 'run', streams: ['orders'] });
    await bus.publish('chain', [
      chainMessage(chainEvent({ type: 'quality.checked', runId: 'run' })),
      chainMessage(loaded),
    ]);
    await until('both kinds', () => first.subjects.length === 2);
    expect(first.subjects.sort()).toEqual(['sweep.tick', 'warehouse.loaded']);
    expect(first.events).toContainEqual({ kind: 'chain', event: loaded });
    const at = first.events.findIndex((event) => subjectOf(event) === 'warehouse.loaded');
    expect(first.headers[at]).toMatchObject({
      'ce-type': 'google.cloud.pubsub.topic.v1.messagePublished',
      'ce-source': `//pubsub.googleapis.com/projects/${env.PROJECT_ID}/topics/run-${run}.chain`,
      traceparent: loaded.traceparent,
    });
    expect(second.events).toEqual([]);
  }, 60_000);

  test('nobody but MinIO can tell of objects', async () => {
    await start();
    const response = await fetch(`http://127.0.0.1:${stack.machine.port('eventarc')}/minio-events`, {
      method: 'POST',
      headers: { authorization: 'Bearer wrong', 'content-type': 'application/json' },
      body: '{"Records":[]}',
    });
    expect(response.status).toBe(401);
  }, 60_000);
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = Date.now(); !(await holds()); await delay(50)) {
    if (Date.now() - start > 45_000) throw new Error(`waited 45 s for ${what}`);
  }
}
