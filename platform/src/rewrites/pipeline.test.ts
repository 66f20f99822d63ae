import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { loadContracts } from '../contracts/index.ts';
import { rewritePortsOf } from './pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-rewrites-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a rewrite follows the contracts in force, which may have a stream that the program was built without', async () => {
  const file = join(folder, 'contracts.json');
  const orders = loadContracts().get('orders')!;
  const returns = { ...orders, stream: 'returns', table: { schema: 'shop', name: 'returns' } };
  writeFileSync(file, JSON.stringify({ streams: { orders, returns } }));
  const { ports, args, contracts } = await rewritePortsOf({
    ...{ TRIBUTARY_ENV: 'local', CONTRACTS: file, LAKE: 'minio', LAKE_BUCKET: 'lake', LANDING_BUCKET: 'landing' },
    ...{ MINIO_ENDPOINT: 'http://127.0.0.1:1', MINIO_ACCESS_KEY: 'tributary', MINIO_SECRET_KEY: 'tributary' },
    ...{ PIPELINE_LAUNCHER: 'flink', FLINK_REST_URL: 'http://127.0.0.1:1', PIPELINE_JAR_ID: 'pipeline.jar' },
    PII_KEYS_FILE: '/secrets/pii-keys.json',
  });
  expect([...contracts.keys()]).toEqual(['orders', 'returns']);
  expect(ports.streams).toEqual(['orders', 'returns', '_unknown', '_control', '_erasure']);
  expect(args.contracts).toBe(file);
});
