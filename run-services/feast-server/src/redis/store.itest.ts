import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { writeRows } from '../write/compare-and-set.ts';
import { FEAST_RULES } from '../write/push.ts';
import { Cluster } from './cluster.ts';
import { RedisConnection, type RedisSettings } from './connection.ts';
import { HmgetTemplate } from './resp.ts';
import { type HashValues, type OnlineStore, SingleNode } from './store.ts';

const HOST = '127.0.0.1';
const TIME = Buffer.from('_ts:v');
const FIELD = Buffer.from('abcd');
const template = new HmgetTemplate([FIELD, TIME]);

let stack: TestStack;
let folder: string;
const closers: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  stack = await startComponents(['redis']);
  folder = mkdtempSync(join(tmpdir(), 'feast-redis-'));
}, 120_000);
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Whatever port is free; another process may take it before it is used, which then fails loudly. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A cluster's nodes speak to each other at their port plus 10,000. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port < 55_536) return port;
  }
}

async function startRedis(port: number, ...settings: string[]): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', HOST, '--save', '', '--dir', folder, ...settings];
  const redis = spawn(stack.machine.tools.redisServer, args, { stdio: 'ignore' });
  closers.push(() => stopProcess(redis));
  for (;;) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, HOST, () => resolve(true));
      socket.once('error', () => resolve(false));
      closers.push(() => void socket.destroy());
    });
    if (isUp) return redis;
    await delay(50);
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function single(port: number, settings: RedisSettings = {}): Promise<SingleNode> {
  const store = new SingleNode({ host: HOST, port }, settings);
  closers.push(() => store.close());
  await store.open();
  return store;
}

const row = (key: string, seconds: number, value: string) => ({
  key: Buffer.from(key),
  time: { seconds, nanos: 5 },
  fields: [FIELD, Buffer.from(value)],
});
const write = (store: OnlineStore, ...rows: ReturnType<typeof row>[]) => writeRows(store, TIME, rows, FEAST_RULES);

async function read(store: OnlineStore, ...keys: string[]): Promise<(string | null)[]> {
  const values = await store.read({ keys: keys.map((key) => Buffer.from(key)), templates: keys.map(() => template) });
  return keys.map((_, i) => textAt(values, i * 2));
}

function textAt({ bytes, index }: HashValues, at: number): string | null {
  const length = index[at * 2 + 1]!;
  return length < 0 ? null : bytes.toString('utf8', index[at * 2]!, index[at * 2]! + length);
}

async function eventually(check: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + 20_000; ; await delay(50)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

describe('one Redis', () => {
  test('a row is written unless the stored one is of the same time or newer, also within one call', async () => {
    const store = await single(stack.machine.port('redis'));
    expect(await write(store, row('k', 10, 'a'), row('k', 9, 'b'), row('k', 10, 'c'), row('k', 11, 'd'))).toBe(2);
    expect(await read(store, 'k', 'unheard of')).toEqual(['d', null]);
    expect(await writeRows(store, TIME, [row('k', 11, 'e')], { equalWins: true, keyTtlSeconds: 0 })).toBe(1);
    expect(await read(store, 'k')).toEqual(['e']);
  });

  test('of many writers at once the newest row stays', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => single(stack.machine.port('redis'))));
    const times = Array.from({ length: 60 }, (_, i) => 1 + ((i * 37) % 60));
    await Promise.all(times.map((time, i) => write(stores[i % 3]!, row('raced', time, String(time)))));
    expect(await read(stores[0]!, 'raced')).toEqual(['60']);
  });

  test('with a password, and a wrong one', async () => {
    const port = await freePort();
    await startRedis(port, '--requirepass', 'secret');
    const store = await single(port, { password: 'secret' });
    expect(await write(store, row('k', 1, 'a'))).toBe(1);
    const wrong = await single(port, { password: 'guess' });
    await expect(read(wrong, 'k')).rejects.toMatchObject({ code: 'ONLINE_STORE_UNAVAILABLE', status: 503 });
  });

  test('by TLS, and only with a certificate of the authority that is expected', async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    // Made out to another address, as Memorystore's is to one that is not always that of the connection.
    const subject = ['-subj', '/CN=10.0.0.3', '-addext', 'subjectAltName=IP:10.0.0.3'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'ignore' },
    );
    // The Redis that pip brings speaks no TLS itself.
    const proxy = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
      const redis = connect(stack.machine.port('redis'), HOST);
      socket.on('error', () => redis.destroy()).on('close', () => redis.destroy());
      redis.on('error', () => socket.destroy()).on('close', () => socket.destroy());
      socket.pipe(redis).pipe(socket);
    });
    const port = await listen(proxy);
    const store = await single(port, { tls: { ca: readFileSync(cert, 'utf8') } });
    await write(store, row('by tls', 1, 'a'));
    expect(await read(store, 'by tls')).toEqual(['a']);
    const distrustful = await single(port, { tls: {} });
    await expect(read(distrustful, 'by tls')).rejects.toMatchObject({ code: 'ONLINE_STORE_UNAVAILABLE' });
    // Who is called by a name must prove to be that one.
    const named = await single(port, { tls: { ca: readFileSync(cert, 'utf8'), serverName: 'redis.example' } });
    await expect(read(named, 'by tls')).rejects.toMatchObject({ code: 'ONLINE_STORE_UNAVAILABLE' });
  });

  test('that goes away is 503 at once, and served again when it is back', async () => {
    const port = await freePort();
    const redis = await startRedis(port);
    const store = await single(port);
    expect(await read(store, 'k')).toEqual([null]);
    await stopProcess(redis);
    await eventually(() => expect(read(store, 'k')).rejects.toMatchObject({ code: 'ONLINE_STORE_UNAVAILABLE' }));
    await startRedis(port);
    await eventually(async () => expect(await read(store, 'k')).toEqual([null]));
    // A Redis that was started anew does not know the script.
    expect(await write(store, row('k', 1, 'a'))).toBe(1);
  });

  test.each([
    ['says nothing', () => undefined],
    [
      'sends something else',
      (socket: Socket) => void socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ],
  ])('that %s is 503 within its time', async (_case, behave) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      behave(socket);
    });
    const port = await listen(server);
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
    });
    const store = await single(port, { timeoutMs: 200 });
    await expect(read(store, 'k')).rejects.toMatchObject({ code: 'ONLINE_STORE_UNAVAILABLE' });
  });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as { port: number }).port;
}

describe('a Redis Cluster', () => {
  test('each key is read and written at the node of its slot', async () => {
    const ports = [await clusterPort(), await clusterPort()];
    for (const port of ports) {
      await startRedis(port, '--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`);
    }
    const admins = await Promise.all(
      ports.map(async (port) => {
        const admin = new RedisConnection({ host: HOST, port });
        closers.push(() => admin.close());
        await admin.open();
        return admin;
      }),
    );
    const [a, b] = admins as [RedisConnection, RedisConnection];
    const half = (from: number) => Array.from({ length: 8_192 }, (_, i) => String(from + i));
    await a.commands([['CLUSTER', 'ADDSLOTS', ...half(0)]]);
    await b.commands([['CLUSTER', 'ADDSLOTS', ...half(8_192)]]);
    await a.commands([['CLUSTER', 'MEET', HOST, String(ports[1])]]);
    const cluster = new Cluster({ host: HOST, port: ports[0]! }, {});
    closers.push(() => cluster.close());
    await cluster.open();
    const names = Array.from({ length: 40 }, (_, i) => `key ${i}`);
    await eventually(async () => {
      await write(cluster, ...names.map((name) => row(name, 1, name)));
      expect(await read(cluster, ...names)).toEqual(names);
    });
    const held = await Promise.all(admins.map(async (admin) => Number((await admin.commands([['DBSIZE']]))[0])));
    expect(held[0]! + held[1]!).toBe(40);
    expect(Math.min(...held)).toBeGreaterThan(0);
  }, 60_000);
});
