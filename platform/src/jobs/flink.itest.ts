import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { readConfigFrom } from '../config/index.ts';
import { createLake } from '../lake/index.ts';
import { createPipelineLauncher, type ExecutionState, type PipelineLauncher } from './index.ts';

describe('the pipeline in batch on a Flink session cluster', () => {
  let stack: TestStack;
  let launcher: PipelineLauncher;
  let args: Record<string, string>;
  const written: string[] = [];

  beforeAll(async () => {
    stack = await startComponents(['flink-jobmanager', 'flink-taskmanager', 'minio'], { needs: false });
    const config = readConfigFrom(stack.env, 'pipeline', 'lake', 'pii');
    launcher = createPipelineLauncher(config.pipeline, config.lake);
    const lake = createLake(config.lake);
    const line = {
      user_event_id: 'e1',
      user_id: 7,
      item_id: 'i1',
      category_id: null,
      behavior: 'pv',
      session_id: null,
      event_time: '2026-11-21T05:20:02.000000Z',
    };
    const landed = await lake.write(
      config.lake.landingBucket,
      'landing/user_events/a.ndjson',
      `${JSON.stringify(line)}\n`,
    );
    args = {
      source: 'files',
      input: `s3://${landed.bucket}/${landed.name}`,
      stream: 'user_events',
      format: 'ndjson',
      generation: landed.generation,
      objectTime: new Date(Number(landed.generation)).toISOString(),
      piiKeysFile: config.pii.keysFile,
    };
  }, 600_000);

  afterAll(() => stack?.stop(), 60_000);

  async function ended(job: string): Promise<ExecutionState> {
    for (const start = Date.now(); Date.now() - start < 180_000; await delay(500)) {
      const state = await launcher.state(job);
      if (state !== 'running') return state;
    }
    throw new Error(`waited 180 s for the job ${job}`);
  }

  test('the same launch, repeated and at the same time, is one job; another launch is another', async () => {
    const [first, second] = await Promise.all([launcher.launchBatch('once', args), launcher.launchBatch('once', args)]);
    expect(second).toBe(first);
    expect(await ended(first)).toBe('succeeded');
    expect(await launcher.launchBatch('once', args)).toBe(first);
    const other = await launcher.launchBatch('twice', args);
    expect(other).not.toBe(first);
    expect(await ended(other)).toBe('succeeded');
    const overview = await fetch(`${stack.env.FLINK_REST_URL}/jobs/overview`);
    const { jobs } = (await overview.json()) as { jobs: { name: string }[] };
    written.push(...jobs.map(({ name }) => name));
    expect(written.sort()).toEqual(['once', 'twice']);
  }, 600_000);

  test('a job that nobody launched is unknown', async () => {
    expect(await launcher.state('0'.repeat(32))).toBe('unknown');
  }, 60_000);
});
