import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfigFrom } from '@tributary/platform/config';
import { createLake, type Lake } from '@tributary/platform/lake';
import type { Client } from 'minio';
import { startComponents, type TestStack } from '../testing.ts';
import { minioClient } from './minio.ts';

let stack: TestStack;
let client: Client;
let lake: Lake;

beforeAll(async () => {
  stack = await startComponents(['minio'], { needs: false });
  client = minioClient(stack.machine);
  lake = createLake(readConfigFrom(stack.env, 'lake').lake);
}, 600_000);

afterAll(async () => {
  await stack?.stop();
}, 60_000);

interface StoredRule {
  readonly Filter: { readonly Prefix: string };
  readonly Status: string;
  readonly Expiration?: { readonly Days: number };
  readonly NoncurrentVersionExpiration?: { readonly NoncurrentDays: number };
}

describe('the buckets of an instance', () => {
  test('keep each layer as long as its contract says', async () => {
    const stored = (await client.getBucketLifecycle(stack.env.LAKE_BUCKET!)) as unknown as { Rule: StoredRule[] };
    const days = Object.fromEntries(
      stored.Rule.map(({ Filter, Expiration }) => [Filter.Prefix, Number(Expiration?.Days)]),
    );
    expect(days).toMatchObject({
      'raw/orders/': 400,
      'processed/user_events/': 400,
      'dead-letter/_unknown/': 90,
      'quarantine/customers/': 90,
      'control/landing-reports/': 30,
    });
    expect(stored.Rule.every(({ Status }) => Status === 'Enabled')).toBe(true);
    expect(stored.Rule.map(({ NoncurrentVersionExpiration: old }) => Number(old?.NoncurrentDays))).toContain(7);
  });

  test('give up versions of replaced and removed objects, and nothing else', async () => {
    const bucket = 'versioned';
    await client.makeBucket(bucket);
    await client.setBucketVersioning(bucket, { Status: 'Enabled' });
    await lake.write(bucket, 'raw/a', 'one');
    await lake.write(bucket, 'raw/a', 'two');
    await lake.write(bucket, 'raw/b', 'three');
    await lake.remove(bucket, 'raw/b');
    await lake.write(bucket, 'other/c', 'four');
    await lake.remove(bucket, 'other/c');
    // The older version of a; b and the marker that it is removed.
    expect(await lake.removeOldVersions(bucket, 'raw/', { countOnly: true })).toBe(3);
    expect(await lake.removeOldVersions(bucket, 'raw/')).toBe(3);
    expect(await lake.removeOldVersions(bucket, 'raw/')).toBe(0);
    expect((await lake.read(bucket, 'raw/a'))?.body.toString()).toBe('two');
    expect(await lake.removeOldVersions(bucket, 'other/', { countOnly: true })).toBe(2);
    expect(await lake.removeOldVersions(stack.env.LAKE_BUCKET!, '')).toBe(0);
  });
});
