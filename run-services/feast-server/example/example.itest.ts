import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import type { FeastServer } from '../src/serve.ts';
import { applyDefinitions, serveForTest } from '../src/testing/served.ts';

const EXAMPLE = fileURLToPath(new URL('read_features.py', import.meta.url));

let stack: TestStack;
let definitions: Awaited<ReturnType<typeof applyDefinitions>>;
let server: FeastServer;

beforeAll(async () => {
  stack = await startComponents(['redis']);
  definitions = await applyDefinitions(stack.machine.tools.pythonBin);
  server = await serveForTest({ REDIS_ADDRESS: stack.env.REDIS_ADDRESS!, FEAST_REGISTRY: definitions.registry });
}, 240_000);
afterAll(async () => {
  await server?.close();
  definitions?.remove();
  await stack?.stop();
}, 60_000);

test("Feast's own client reads what it wrote through this server, and None for whom nobody wrote", async () => {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, FEAST_SERVER_URL: server.address, FEAST_REGISTRY: definitions.registry };
  const { stdout } = await promisify(execFile)(join(stack.machine.tools.pythonBin, 'python'), [EXAMPLE], { env });
  // 2^53 + 1 would be another number if anything on the way were a double.
  expect(stdout.trim().split('\n').at(-1)).toContain('"events_24h": [9007199254740993, null]');
  const printed = stdout.trim().split('\n').at(-1)!.replace('9007199254740993', '0');
  expect(JSON.parse(printed)).toEqual({
    customer_id: [106, 107],
    events_5m: [1, null],
    events_1h: [2, null],
    events_24h: [0, null],
    spend_5m: [0.5, null],
    spend_1h: [1.25, null],
    spend_24h: [2, null],
  });
}, 120_000);
