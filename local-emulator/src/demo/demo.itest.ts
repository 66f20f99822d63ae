import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { loadContracts } from '@tributary/platform/contracts';
import { PLANTED_PII } from '@tributary/seeder';
import { execa } from 'execa';
import { Client as MinioClient } from 'minio';
import { environmentOf } from '../instance/environment.ts';
import { stateRoot } from '../instance/folders.ts';
import { ROOT } from '../instance/machine.ts';
import { processesMarked } from '../supervisor/identity.ts';
import { type InstanceStatus, readStatus } from '../supervisor/status-file.ts';
import { createContext } from './context.ts';
import { searchEverywhere } from './search-everywhere.ts';

/** A demo on two shared, busy cores; the wait limits inside are far below this. */
const DEMO_LIMIT_MS = 15 * 60_000;
const RETAIL = join(ROOT, '..', 'shared', 'data', 'online-retail');

/** Each run in a state folder of its own, so that tests see exactly their own instance. */
let root: string;
let before: string | undefined;

beforeAll(() => {
  before = process.env.TRIBUTARY_STATE_DIR;
  root = mkdtempSync(join(tmpdir(), 'tributary-demo-test-'));
  process.env.TRIBUTARY_STATE_DIR = root;
});

afterEach(async () => {
  const left = readdirSync(root).flatMap((instance) => processesMarked(instance));
  await cli('reset');
  expect(left).toEqual([]);
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
  if (before === undefined) delete process.env.TRIBUTARY_STATE_DIR;
  else process.env.TRIBUTARY_STATE_DIR = before;
});

function cli(...args: string[]) {
  return execa(process.execPath, [join(ROOT, 'local-emulator', 'src', 'cli.ts'), ...args], {
    cwd: ROOT,
    env: { TRIBUTARY_STATE_DIR: root, NODE_NO_WARNINGS: '1', NODE_OPTIONS: '' },
    all: true,
    reject: false,
    stdin: 'ignore',
  });
}

function theInstance(): { state: string; status: InstanceStatus } | undefined {
  for (const instance of existsSync(stateRoot()) ? readdirSync(stateRoot()) : []) {
    const state = join(stateRoot(), instance);
    const status = readStatus(state);
    if (status !== undefined) return { state, status };
  }
  return undefined;
}

describe('the demo', () => {
  test(
    'takes the committed events through every layer exactly once, and no personal value is anywhere after the bridge',
    async () => {
      const run = await cli('demo', '--keep');
      if (run.exitCode !== 0) process.stderr.write(String(run.all));
      expect(run.exitCode).toBe(0);
      expect(run.stdout).toContain('Every layer reconciles.');

      const state = theInstance()?.state ?? '';
      const env = environmentOf(state);
      const context = createContext(env);
      const endpoint = new URL(env.MINIO_ENDPOINT ?? '');
      const lake = new MinioClient({
        endPoint: endpoint.hostname,
        port: Number(endpoint.port),
        useSSL: false,
        accessKey: env.MINIO_ACCESS_KEY ?? '',
        secretKey: env.MINIO_SECRET_KEY ?? '',
      });
      const streams = [...loadContracts().keys()];
      const tables = [
        ...streams.flatMap((stream) => [`staging.${stream}`, `staging.unified_staging__${stream}`]),
        ...['customer_features', 'product_features', 'customer_activity'].map((view) => `marts.${view}`),
        ...['loads', 'events', 'quality_results'].map((name) => `ops.${name}`),
      ];
      const planted = Object.values(PLANTED_PII).filter((value) => typeof value === 'string');
      const found = await searchEverywhere(planted, {
        state,
        lake,
        buckets: [env.LAKE_BUCKET ?? '', env.LANDING_BUCKET ?? ''],
        brokers: env.KAFKA_BROKERS ?? '',
        warehouse: context.warehouse,
        tables,
      });
      expect(found).toEqual([]);

      await cli('down');
    },
    DEMO_LIMIT_MS,
  );

  test(
    'killing any one component delays it and does not change the result',
    async () => {
      const input = existsSync(RETAIL) ? fewDays() : undefined;
      const run = cli('demo', ...(input === undefined ? [] : ['--input', input, '--format', 'online-retail']));
      const victims = [
        'debezium-engine',
        'bridge',
        'flink-taskmanager',
        'kafka',
        'function-load-warehouse',
        'minio',
        'bigquery',
        'flink-jobmanager',
        'eventarc',
        'cloud-run-jobs',
        'redis',
        'feast-server',
        'postgres',
      ];
      const killed: string[] = [];
      let over = false;
      void run.finally(() => {
        over = true;
      });
      while (theInstance()?.status.state !== 'ready' && !over) await sleep(100);
      for (const victim of victims) {
        if (over) break;
        const component = theInstance()?.status.components.find(({ name }) => name === victim);
        if (component?.state === 'ready' && component.process !== undefined) {
          process.kill(-component.process.pid, 'SIGKILL');
          killed.push(victim);
        }
        await sleep(2_500);
      }
      const result = await run;
      if (result.exitCode !== 0) process.stderr.write(String(result.all));
      expect(killed.length).toBeGreaterThan(5);
      expect(result.exitCode).toBe(0);
      expect(result.stdout).toContain('Every layer reconciles.');
      if (input !== undefined) rmSync(input, { recursive: true });
    },
    DEMO_LIMIT_MS,
  );

  test('an input folder that is not there ends in one clear message', async () => {
    const run = await cli('demo', '--input', join(root, 'nowhere'), '--format', 'online-retail');
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('there is no such file or folder');
    expect(run.stderr).not.toMatch(/^\s+at /m);
  }, 120_000);
});

/** Four days of the real data: enough for returns, guests, dirt and several thousand lines. */
function fewDays(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-retail-'));
  for (const file of readdirSync(RETAIL)
    .filter((name) => name.endsWith('.csv'))
    .sort()
    .slice(0, 4))
    cpSync(join(RETAIL, file), join(folder, file));
  return folder;
}
