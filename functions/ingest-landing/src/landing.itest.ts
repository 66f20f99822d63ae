import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { ROOT, readConfigFrom } from '@tributary/platform/config';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { chainEvent } from '@tributary/platform/events';
import { inspectCommits } from '@tributary/platform/group-commit';
import { createPipelineLauncher } from '@tributary/platform/jobs';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { loadPiiKeys } from '@tributary/platform/pii';
import { RecordingBus, RecordingJobs } from '@tributary/platform/stage/testing';
import { parquetReadObjects } from 'hyparquet';
import { datasetsOf } from './datasets.ts';
import { landingHandler } from './handler.ts';

const LANDING = 'landing';
const log = createLogger('test', { level: 'silent' });
/** A Parquet file as pandas writes it: zstd, second version of pages, five products in three row groups. */
const PRODUCTS = new URL('dataflow-flink/src/test/resources/landing/products-zstd-v2.parquet', ROOT);
const CLICKS = [
  '1,2268318,2520377,pv,1511544070',
  '1,2333346,2520771,buy,1511561733',
  '1,2576651,149192,look,1511572885',
];

/** The pipeline's batch mode on a real Flink cluster over a real store; the gate lets everything through. */
describe('files dropped in landing/', () => {
  let stack: TestStack;
  let lake: Lake;
  let buckets: { lake: string; landing: string };
  const bus = new RecordingBus();
  let tell: ReturnType<typeof landingHandler>;

  beforeAll(async () => {
    stack = await startComponents(['flink-jobmanager', 'flink-taskmanager', 'minio'], { needs: false });
    const config = readConfigFrom(stack.env, 'pipeline', 'lake', 'pii');
    lake = createLake(config.lake);
    buckets = { lake: config.lake.lakeBucket, landing: config.lake.landingBucket };
    tell = landingHandler({
      ...{ lake, bus, jobs: new RecordingJobs() },
      lakeBucket: buckets.lake,
      landingBucket: buckets.landing,
      launcher: createPipelineLauncher(config.pipeline, config.lake),
      piiKeys: loadPiiKeys(config.pii.keysFile),
      piiKeysFile: config.pii.keysFile,
      datasets: datasetsOf(loadContracts(), loadMappings()),
      inputUri: (bucket, name) => `s3://${bucket}/${name}`,
    });
  }, 600_000);

  afterAll(() => stack?.stop(), 60_000);

  /** Drops a file and follows it to its end; what the chain says of it. */
  async function ingest(name: string, body: Buffer) {
    const { generation, size } = await lake.write(buckets.landing, `${LANDING}/${name}`, body);
    const timeCreated = new Date(Number(generation)).toISOString();
    const object = { bucket: buckets.landing, name: `${LANDING}/${name}`, generation, size, timeCreated };
    const said = bus.chain().length;
    await tell({ kind: 'object', object, traceparent: undefined }, log);
    const gate = (await inspectCommits(lake, buckets.lake)).find((commit) => commit.name === 'landing-gate');
    const passed = { gate: 'landing', manifest: gate?.openManifest, attempt: 1, failing: [] };
    if (gate?.openManifest) await chain('quality.checked', passed);
    for (const start = Date.now(); Date.now() - start < 240_000; await delay(1_000)) {
      await chain('sweep.tick', { now: Date.now() });
      const [last] = bus
        .chain()
        .slice(said)
        .filter(({ type }) => type !== 'landing.accepted');
      if (last) return last;
    }
    const jobs = await fetch(`${stack.env.FLINK_REST_URL}/jobs/overview`);
    throw new Error(`waited 240 s for ${name}; Flink has ${await jobs.text()}`);
  }

  const chain = (type: 'quality.checked' | 'sweep.tick', detail: Record<string, unknown>) =>
    tell({ kind: 'chain', event: chainEvent({ type, runId: 'run', detail }) }, log);

  async function objects(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of lake.list(buckets.lake, prefix)) names.push(name);
    return names;
  }

  async function rows(stream: string): Promise<Record<string, unknown>[]> {
    const files = await objects(`processed/${stream}/`);
    const read = files.map(async (name) => {
      const { body } = (await lake.read(buckets.lake, name))!;
      return parquetReadObjects({ file: Uint8Array.from(body).buffer });
    });
    return (await Promise.all(read)).flat();
  }

  test('a packed file of a mapped dataset is in the lake, its bad line is a dead letter, and dropped again it adds nothing', async () => {
    const file = gzipSync(`${CLICKS.join('\n')}\n`);
    expect(await ingest('taobao_user_behavior/2017/UserBehavior.csv.gz', file)).toMatchObject({
      type: 'landing.ingested',
      streams: ['user_events'],
      counts: { rows: 2, dead_letters: 1 },
    });
    const taken = await rows('user_events');
    expect(taken.map(({ user_event_id }) => user_event_id).sort()).toEqual([
      '1-2268318-pv-1511544070',
      '1-2333346-buy-1511561733',
    ]);
    expect(taken.find(({ behavior }) => behavior === 'pv')).toMatchObject({
      user_id: 1n,
      category_id: '2520377',
      session_id: null,
      event_time: new Date('2017-11-24T17:21:10Z'),
      _origin: 'batch',
      _batch_uri: `s3://${buckets.landing}/landing/taobao_user_behavior/2017/UserBehavior.csv.gz`,
      _batch_line: 1n,
    });
    const [letter] = await objects('dead-letter/user_events/landing/');
    expect(JSON.parse((await lake.read(buckets.lake, letter!))!.body.toString())).toMatchObject({
      reason: 'CONTRACT_VIOLATION',
      field: 'behavior',
      source: { line: 3 },
    });
    const before = await objects('processed/');
    expect((await ingest('taobao_user_behavior/2017/UserBehavior.csv.gz', file)).detail).toHaveProperty(
      'same_as_generation',
    );
    expect(await objects('processed/')).toEqual(before);
  }, 300_000);

  test('a Parquet file of another program is in the lake with its types', async () => {
    expect(await ingest('products/products.parquet', readFileSync(PRODUCTS))).toMatchObject({
      type: 'landing.ingested',
      counts: { rows: 5, dead_letters: 0 },
    });
    const taken = await rows('products');
    expect(taken).toHaveLength(5);
    expect(taken.find(({ product_id }) => product_id === 'p2')).toMatchObject({
      description: 'Ünder',
      unit_price: 0.75,
      updated_at: new Date('2026-11-20T10:02:00Z'),
      _batch_line: 3n,
    });
  }, 300_000);

  test('a file that was cut off is in quarantine whole, with its reason, and no row of it in the lake', async () => {
    const line = (id: number) =>
      JSON.stringify({
        product_id: `q${id}`,
        unit_price: '1',
        created_at: '2026-11-20T10:00:00Z',
        updated_at: '2026-11-20T10:00:00Z',
      });
    const whole = gzipSync(Array.from({ length: 5_000 }, (_, id) => `${line(id)}\n`).join(''));
    const before = await objects('processed/');
    const said = await ingest('products/cut.ndjson.gz', whole.subarray(0, whole.length - 9));
    expect(said).toMatchObject({ type: 'incident.raised', error: { code: 'CORRUPT_FILE' } });
    const quarantine = String(said.detail.quarantine);
    expect(JSON.parse((await lake.read(buckets.lake, `${quarantine}.reason.json`))!.body.toString())).toMatchObject({
      code: 'CORRUPT_FILE',
      stage: 'landing',
    });
    expect(await objects('quarantine/')).toEqual([quarantine, `${quarantine}.reason.json`]);
    expect(await objects('processed/')).toEqual(before);
    expect(await lake.read(buckets.landing, 'landing/products/cut.ndjson.gz')).toBeUndefined();
  }, 300_000);
});
