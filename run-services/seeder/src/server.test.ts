import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createLogger } from '@tributary/platform/log';
import { Runs } from './runs.ts';
import { createServer } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'seeder-server-'));
const root = join(folder, 'inputs');
mkdirSync(root);
writeFileSync(join(folder, 'secret.ndjson'), '{}');
symlinkSync(join(folder, 'secret.ndjson'), join(root, 'link.ndjson'));

const API_KEY = 'sixteen characters';
const log = createLogger('seeder-test', { level: 'silent' });
const nowhere = { host: '127.0.0.1', port: 1, user: 'u', password: 'p', database: 'd' };
const runs = new Runs(nowhere, root, log);
const server = createServer({ runs, log, apiKey: API_KEY });
afterAll(async () => {
  await runs.stop();
  await server.close();
  rmSync(folder, { recursive: true });
});

const post = (payload: object, headers: Record<string, string> = { 'x-api-key': API_KEY }) =>
  server.inject({ method: 'POST', url: '/runs', payload, headers });

test('health is told to everybody, everything else to who has the key', async () => {
  expect((await server.inject('/healthz')).json()).toEqual({ status: 'ok' });
  const strangers: Record<string, string>[] = [{}, { 'x-api-key': 'wrong' }];
  for (const headers of strangers) {
    expect((await post({ input: 'x', format: 'ndjson' }, headers)).statusCode).toBe(401);
    expect((await server.inject({ url: '/runs/1', headers })).statusCode).toBe(401);
  }
});

test.each(['../secret.ndjson', '/etc/passwd', 'link.ndjson', '..'])(
  'an input outside the root is refused: %s',
  async (input) => {
    const answer = await post({ input, format: 'ndjson' });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'INPUT_OUTSIDE_ROOT']);
  },
);

test.each([
  [{ input: 'missing.ndjson', format: 'ndjson' }, 404, 'INPUT_NOT_FOUND'],
  // The folder has nothing but the link.
  [{ input: '.', format: 'ndjson' }, 400, 'INPUT_EMPTY'],
  [{ input: 'x', format: 'excel' }, 400, 'BAD_REQUEST'],
  [{ input: 'x', format: 'ndjson', colour: 'red' }, 400, 'BAD_REQUEST'],
  [{ input: 'x', format: 'ndjson', rate: 5, speed: 5 }, 400, 'BAD_REQUEST'],
  [{ format: 'ndjson' }, 400, 'BAD_REQUEST'],
])('%j is answered with %i %s', async (payload, status, code) => {
  const answer = await post(payload);
  expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
});

test('a body that is no JSON and a path that is none are answered, not thrown', async () => {
  const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' };
  expect((await server.inject({ method: 'POST', url: '/runs', payload: '{', headers })).json().code).toBe(
    'BAD_REQUEST',
  );
  expect((await server.inject({ url: '/elsewhere', headers })).statusCode).toBe(404);
  expect((await server.inject({ url: '/runs/not-a-fingerprint', headers })).statusCode).toBe(404);
});
