import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { createLake } from '@tributary/platform/lake';
import { Client } from 'minio';
import { applyDefinitions, serveForTest } from '../testing/served.ts';
import { openSource, type SourceSettings } from './source.ts';

const OBJECT = 'feast/registry.db';

let stack: TestStack;
let registry: { registry: string; remove(): void };
let bytes: Buffer;

beforeAll(async () => {
  stack = await startComponents(['redis', 'minio', 'fake-gcs'], { needs: false });
  registry = await applyDefinitions(stack.machine.tools.pythonBin);
  bytes = readFileSync(registry.registry);
}, 300_000);

afterAll(async () => {
  registry?.remove();
  await stack?.stop();
}, 60_000);

interface Store {
  readonly scheme: 'gs' | 's3';
  readonly settings: SourceSettings;
  /** What the server is told of it. */
  readonly environment: Record<string, string>;
  put(name: string, content: Buffer): Promise<void>;
}

function stores(): Record<'gs' | 's3', () => Store> {
  return {
    gs: () => {
      const endpoint = `http://127.0.0.1:${stack.machine.port('fake-gcs')}`;
      const lake = createLake({
        adapter: 'gcs',
        lakeBucket: bucket(),
        landingBucket: bucket(),
        projectId: 'test',
        endpoint,
      });
      return {
        scheme: 'gs',
        settings: { gcsEndpoint: endpoint },
        environment: { GCS_ENDPOINT: endpoint },
        put: async (name, content) => void (await lake.write(bucket(), name, content)),
      };
    },
    s3: () => {
      const { MINIO_ACCESS_KEY: accessKey = '', MINIO_SECRET_KEY: secretKey = '' } = stack.env;
      const port = stack.machine.port('minio');
      const client = new Client({ endPoint: '127.0.0.1', port, useSSL: false, accessKey, secretKey });
      const endpoint = `http://127.0.0.1:${port}`;
      return {
        scheme: 's3',
        settings: { s3: { endpoint, accessKey, secretKey } },
        environment: { MINIO_ENDPOINT: endpoint, MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey },
        put: async (name, content) => void (await client.putObject(bucket(), name, content)),
      };
    },
  };
}

const bucket = (): string => stack.env.LAKE_BUCKET!;

describe.each(['gs', 's3'] as const)('a registry at %s://', (scheme) => {
  const store = () => stores()[scheme]();

  test('that is not there is said to be missing, by its name', async () => {
    const source = await openSource(`${scheme}://${bucket()}/nowhere/registry.db`, store().settings);
    await expect(source.read(undefined)).rejects.toMatchObject({
      code: 'REGISTRY_MISSING',
      message: expect.stringContaining(`${scheme}://${bucket()}/nowhere/registry.db`),
    });
  });

  test('is given once, and again only when it has changed', async () => {
    const { put, settings } = store();
    await put('twice/registry.db', Buffer.from('one'));
    const source = await openSource(`${scheme}://${bucket()}/twice/registry.db`, settings);
    const first = await source.read(undefined);
    expect(first!.bytes.toString()).toBe('one');
    expect(await source.read(first!.version)).toBeUndefined();
    await put('twice/registry.db', Buffer.from('two!'));
    const second = await source.read(first!.version);
    expect(second!.bytes.toString()).toBe('two!');
    expect(second!.version).not.toBe(first!.version);
  });

  test('whose store is away is unavailable, which may pass', async () => {
    const away: SourceSettings = {
      gcsEndpoint: 'http://127.0.0.1:9',
      s3: { endpoint: 'http://127.0.0.1:9', accessKey: 'a', secretKey: 'b' },
    };
    const source = await openSource(`${scheme}://${bucket()}/${OBJECT}`, away);
    await expect(source.read(undefined)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', class: 'transient' });
  });

  test('is served, and no request is dropped while another takes its place', async () => {
    const { put, environment } = store();
    await put(OBJECT, bytes);
    const server = await serveForTest({
      ...environment,
      REDIS_ADDRESS: `127.0.0.1:${stack.machine.port('redis')}`,
      FEAST_REGISTRY: `${scheme}://${bucket()}/${OBJECT}`,
      REGISTRY_REFRESH_SECONDS: '0.05',
    });
    try {
      const ask = async (): Promise<number> => {
        const response = await fetch(`${server.address}/get-online-features`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ features: ['customer_activity:events_5m'], entities: { customer_id: [1] } }),
        });
        await response.arrayBuffer();
        return response.status;
      };
      const statuses = new Set<number>();
      for (let replaced = 0; replaced < 10; replaced += 1) {
        await put(OBJECT, bytes);
        for (let asked = 0; asked < 20; asked += 1) statuses.add(await ask());
      }
      expect([...statuses]).toEqual([200]);
      // One that nobody can read leaves the last good one in use.
      await put(OBJECT, Buffer.from('this is no registry'));
      for (let asked = 0; asked < 50; asked += 1) statuses.add(await ask());
      expect([...statuses]).toEqual([200]);
    } finally {
      await server.close();
    }
  });
});
