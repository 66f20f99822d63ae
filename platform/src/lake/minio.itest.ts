import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { Client } from 'minio';
import { readConfigFrom } from '../config/index.ts';
import { createLake, type Lake, type LakeObject } from './index.ts';

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

  const listed = async (prefix: string): Promise<LakeObject[]> => {
    const objects: LakeObject[] = [];
    for await (const object of lake.list(bucket, prefix)) objects.push(object);
    return objects;
  };

  test('of twenty writers who create the same object exactly one wins, and its content stays', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => lake.write(bucket, 'race/create', `writer ${n}`, { ifAbsent: true })),
    );
    const winners = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []));
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'PRECONDITION_FAILED' });
    }
    expect(String((await lake.read(bucket, 'race/create'))!.body)).toBe(`writer ${winners[0]}`);
  });

  test('of twenty writers who replace the same content exactly one wins', async () => {
    const { token } = await lake.write(bucket, 'race/replace', 'first');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => lake.write(bucket, 'race/replace', `writer ${n}`, { ifMatch: token })),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  test('a copy has the content, and a time of its own as its listing tells it; what is not there is not copied', async () => {
    const name = 'copy/dt=2026-11-21/hr=05/a b.parquet';
    await lake.write(bucket, name, 'content');
    const copied = await lake.copy(bucket, name, 'copy/part-1.parquet');
    expect(String((await lake.read(bucket, 'copy/part-1.parquet'))!.body)).toBe('content');
    expect((await listed('copy/part-'))[0]).toEqual(copied);
    expect(await lake.copy(bucket, 'copy/nothing', 'copy/part-2.parquet')).toBeUndefined();
    expect(await listed('copy/part-2')).toEqual([]);
  });

  test('a token names one content: it neither fits a newer one nor an object that was removed', async () => {
    const { token } = await lake.write(bucket, 'token', 'one');
    const second = await lake.write(bucket, 'token', 'two', { ifMatch: token });
    await expect(lake.write(bucket, 'token', 'three', { ifMatch: token })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await lake.remove(bucket, 'token');
    await lake.remove(bucket, 'token');
    await expect(lake.write(bucket, 'token', 'four', { ifMatch: second.token })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    expect(await lake.read(bucket, 'token')).toBeUndefined();
  });

  test('write, read and list tell the same of an object, whatever its name', async () => {
    const name = 'names/dt=2026-11-21/ä b+c%2F&d.json';
    const written = await lake.write(bucket, name, '{"ä":1}', { contentType: 'application/json' });
    const read = await lake.read(bucket, name);
    expect(written).toMatchObject({ bucket, name, size: 8 });
    expect(Math.abs(Number(written.generation) - Date.now())).toBeLessThan(60_000);
    expect(read!.object).toEqual(written);
    expect(String(read!.body)).toBe('{"ä":1}');
    expect(await listed('names/')).toEqual([written]);
    expect(lake.uri(bucket, name)).toBe(`gs://${bucket}/${name}`);
  });

  test('a part of an object is what lies in the range, whatever of it lies beyond the end', async () => {
    const name = 'parts/dt=2026-11-21/a b+c.parquet';
    await lake.write(bucket, name, '0123456789');
    const part = async (from: number, to: number) => String(await lake.bytes(bucket, name, { from, to }));
    expect(await part(0, 4)).toBe('0123');
    expect(await part(7, 10)).toBe('789');
    expect(await part(7, 99)).toBe('789');
    expect([await part(10, 12), await part(3, 3)]).toEqual(['', '']);
    expect(String(await lake.bytes(bucket, name))).toBe('0123456789');
    expect(await lake.bytes(bucket, 'parts/none', { from: 0, to: 1 })).toBeUndefined();
    await lake.write(bucket, 'parts/empty', '');
    expect(String(await lake.bytes(bucket, 'parts/empty', { from: 0, to: 8 }))).toBe('');
  });

  test('thousands of objects are removed together, names of all kinds, those that are not there too, and no others', async () => {
    const names = Array.from({ length: 1_050 }, (_, n) => `many/dt=2026-11-21/ä b+c%2F&<d> ${n}.json`);
    for (let from = 0; from < names.length; from += 50) {
      await Promise.all(names.slice(from, from + 50).map((name) => lake.write(bucket, name, 'x')));
    }
    await lake.removeAll(bucket, [...names.slice(1), 'many/none', 'many/none']);
    expect((await listed('many/')).map(({ name }) => name)).toEqual(names.slice(0, 1));
    await lake.removeAll(bucket, []);
    await expect(lake.removeAll('no-such-bucket', ['a'])).rejects.toMatchObject({ code: 'LAKE_BUCKET_MISSING' });
  }, 60_000);

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

  test('listing gives every object once, in name order, over several pages', async () => {
    const names = Array.from({ length: 1_100 }, (_, n) => `pages/${String(n).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 50) {
      await Promise.all(names.slice(from, from + 50).map((name) => lake.write(bucket, name, 'x')));
    }
    expect((await listed('pages/')).map((object) => object.name)).toEqual(names);
    expect(await listed('pages-none/')).toEqual([]);
  }, 60_000);

  test('a missing bucket, wrong credentials and an impossible name are errors of the user', async () => {
    await expect(lake.read('no-such-bucket', 'a')).rejects.toMatchObject({
      code: 'LAKE_BUCKET_MISSING',
      class: 'user',
    });
    await expect(lake.write(bucket, '../a', 'x')).rejects.toMatchObject({ code: 'LAKE_BAD_REQUEST', class: 'user' });
    const stranger = createLake(
      readConfigFrom({ ...stack.env, LAKE: 'minio', MINIO_SECRET_KEY: 'not-the-secret-key' }, 'lake').lake,
    );
    await expect(stranger.read(bucket, 'a')).rejects.toMatchObject({ code: 'LAKE_FORBIDDEN', class: 'user' });
  });

  test('while the store is away, calls fail as transient; afterwards everything written is there', async () => {
    await lake.write(bucket, 'kept', 'before');
    const away = createLake(
      readConfigFrom({ ...stack.env, LAKE: 'minio', MINIO_ENDPOINT: 'http://127.0.0.1:9' }, 'lake').lake,
    );
    await expect(away.write(bucket, 'kept', 'x', { ifAbsent: true })).rejects.toMatchObject({
      code: 'LAKE_UNAVAILABLE',
      class: 'transient',
    });
    await stack.kill('minio');
    // Reads are repeated for some seconds, which a restart fits into; where it does not, the next call does.
    await stack.untilReady('minio');
    expect(String((await lake.read(bucket, 'kept'))!.body)).toBe('before');
  }, 150_000);
});
