import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { ensureUv } from '@tributary/local-emulator/toolchain/python';
import type { FeastServer } from '../serve.ts';
import { activity, applyDefinitions, post, serveForTest } from '../testing/served.ts';

/** https://schemathesis.readthedocs.io; in an environment of its own, which uv keeps. */
const SCHEMATHESIS = 'schemathesis==4.32.5';
const CHECKS = 'not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance';

interface Document {
  paths: Record<string, { post?: { parameters: { name: string; schema: object }[] } }>;
  components: { schemas: Record<string, { properties: Record<string, object> }> };
}

/** What there is here, in place of any text: random names never get past the first look-up. */
const features = ['customer_activity:events_5m', 'customer_activity:spend_1h', 'product_features:orders_30d'];
const scalars = [{ type: ['integer', 'string', 'number', 'boolean', 'null'] }, {}];
const KNOWN: Record<string, Record<string, object>> = {
  GetOnlineFeaturesRequest: {
    features: { type: 'array', items: { type: 'string', enum: features } },
    feature_service: { anyOf: [{ type: 'null' }, { type: 'string', enum: ['recommendation_v1'] }] },
    entities: {
      type: 'object',
      properties: { customer_id: { type: 'array', items: { anyOf: scalars } } },
      required: ['customer_id'],
    },
  },
  PushRequest: { push_source_name: { type: 'string', enum: ['customer_activity_push'] } },
  WriteRequest: { feature_view_name: { type: 'string', enum: ['customer_activity', 'customer_features'] } },
};

let stack: TestStack;
let definitions: Awaited<ReturnType<typeof applyDefinitions>>;
let server: FeastServer;
let folder: string;

beforeAll(async () => {
  stack = await startComponents(['redis']);
  definitions = await applyDefinitions(stack.machine.tools.pythonBin);
  server = await serveForTest({
    REDIS_ADDRESS: stack.env.REDIS_ADDRESS!,
    FEAST_REGISTRY: definitions.registry,
    FEAST_SEMANTICS: 'strict',
  });
  folder = mkdtempSync(join(tmpdir(), 'tributary-fuzz-'));
}, 240_000);
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
  definitions?.remove();
  await stack?.stop();
}, 60_000);

/**
 * The document as it is served, without what answers 5xx on purpose: Feast's own semantics answer wrong requests with 500, a server that starts no
 * jobs answers 501, and the door of the bus is not open here.
 */
async function documentToFuzz(): Promise<string> {
  const document = (await (await fetch(`${server.address}/openapi.json`)).json()) as Document;
  for (const path of ['/materialize', '/materialize-incremental', '/pubsub/push']) delete document.paths[path];
  for (const { post: operation } of Object.values(document.paths)) {
    for (const parameter of operation?.parameters ?? []) {
      if (parameter.name === 'semantics') parameter.schema = { type: 'string', enum: ['strict'] };
    }
  }
  for (const [name, properties] of Object.entries(KNOWN)) {
    Object.assign(document.components.schemas[name]!.properties, properties);
  }
  const file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
}

test('whatever the schema allows, and what it does not, is answered as the document says and never by 5xx', async () => {
  await post(`${server.address}/push`, activity(1, '2026-01-02T00:00:00Z', 7));
  const options = [
    '--url',
    server.address,
    '--checks',
    CHECKS,
    '-n',
    '100',
    '--seed',
    '7',
    '--phases',
    'examples,coverage,fuzzing',
    '--no-color',
  ];
  const args = ['tool', 'run', '--from', SCHEMATHESIS, 'schemathesis', 'run', await documentToFuzz(), ...options];
  const uv = await ensureUv();
  const run = promisify(execFile)(uv, args, { cwd: folder, maxBuffer: 50_000_000 });
  const { stdout } = await run.catch((error: Error & { stdout: string }) => ({
    stdout: error.stdout || String(error),
  }));
  // Its report is the message of a failure.
  expect(stdout).toMatch(/ (\d+) generated, \1 passed/);
}, 600_000);
