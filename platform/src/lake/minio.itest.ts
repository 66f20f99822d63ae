import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { Client } from 'minio';
import { readConfigFrom } from '../config/index.ts';
import { createLake, type Lake, type LakeObject } from './index.ts';
import { describeLake } from './testing/contract.ts';

describe('the lake on MinIO', () => {
  let stack: TestStack;
  let lake: Lake;
  let bucket: string;

  beforeAll(async () => {
    stack = await startComponents(['minio'], { needs: false });
    const config = readConfigFrom({ ...stack.env, LAKE: 'minio' }, 'lake').lake;
    lake = createLake(config);
    bucket = config.lakeBucket;
  }, 300_000);

  afterAll(() => stack?.stop(), 60_000);

  describeLake('MinIO', () => ({
    ...{ lake, bucket, knowsMissingBuckets: true },
    away: createLake(
      readConfigFrom({ ...stack.env, LAKE: 'minio', MINIO_ENDPOINT: 'http://127.0.0.1:9' }, 'lake').lake,
    ),
  }));

  test('a generation is the time in milliseconds at which the object was written', async () => {
    const written = await lake.write(bucket, 'time', 'x');
    expect(new Date(Number(written.generation)).getUTCFullYear()).toBe(new Date().getUTCFullYear());
    expect((await lake.read(bucket, 'time'))!.object.generation).toBe(written.generation);
  });

  test("an object's generation is the one its notification tells", async () => {
    const { hostname, port } = new URL(stack.env.MINIO_ENDPOINT!);
    const client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey: stack.env.MINIO_ACCESS_KEY!,
      secretKey: stack.env.MINIO_SECRET_KEY!,
    });
    const told = new Map<string, string>();
    const poller = client.listenBucketNotification(bucket, 'told/', '', ['s3:ObjectCreated:*']);
    try {
      poller.on('notification', (record) => {
        const { key, sequencer } = (record as { s3: { object: { key: string; sequencer: string } } }).s3.object;
        told.set(decodeURIComponent(key), String(BigInt(`0x${sequencer}`) / 1_000_000n));
      });
      // Listening begins some time after the call: objects are written until one was heard, and that many more.
      const written: LakeObject[] = [];
      for (let n = 0; told.size < 20 && n < 500; n += 1) {
        written.push(await lake.write(bucket, `told/${n}`, String(n)));
        await delay(5);
      }
      expect(told.size).toBeGreaterThanOrEqual(20);
      for (const { name, generation } of written) if (told.has(name)) expect(told.get(name)).toBe(generation);
    } finally {
      poller.stop();
    }
  }, 30_000);

  test('wrong credentials and an impossible name are errors of the user', async () => {
    await expect(lake.write(bucket, '../a', 'x')).rejects.toMatchObject({ code: 'LAKE_BAD_REQUEST', class: 'user' });
    const stranger = createLake(
      readConfigFrom({ ...stack.env, LAKE: 'minio', MINIO_SECRET_KEY: 'not-the-secret-key' }, 'lake').lake,
    );
    await expect(stranger.read(bucket, 'a')).rejects.toMatchObject({ code: 'LAKE_FORBIDDEN', class: 'user' });
  });

  test('after the store was killed everything written is there', async () => {
    await lake.write(bucket, 'kept', 'before');
    await stack.kill('minio');
    // Reads are repeated for some seconds, which a restart fits into; where it does not, the next call does.
    await stack.untilReady('minio');
    expect(String((await lake.read(bucket, 'kept'))!.body)).toBe('before');
  }, 150_000);
});
