import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExecutionsClient } from '@google-cloud/run';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJobs, type ExecutionState, type Jobs } from '@tributary/platform/jobs';
import getPort from 'get-port';
import { PassThroughClient } from 'google-auth-library';

const MAIN = new URL('./main.ts', import.meta.url).pathname;

/** Jobs of a test are small programs; `dbt` and its like are only the names the port knows. */
const node = (program: string) => [process.execPath, '--eval', program, '--'];
const SHOW = 'console.log(JSON.stringify({ args: process.argv.slice(1), env: process.env }))';
/** Starts a child of its own, writes both pids, and waits. */
const FAMILY = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  console.log(JSON.stringify([process.pid, child.pid]));
  setInterval(() => {}, 1000);`;
const STUBBORN_FAMILY = `process.on('SIGTERM', () => {}); ${FAMILY}`;
const JOBS = {
  dbt: { command: node(SHOW), env: { OF_THE_JOB: 'yes', OVERRIDDEN: 'no' }, timeoutSeconds: 20 },
  'great-expectations': { command: node('process.exit(3)'), timeoutSeconds: 20 },
  feast: { command: node(FAMILY), timeoutSeconds: 60 },
};

describe('the Cloud Run stand-in, through the Cloud Run client', () => {
  let folder: string;
  let port: number;
  let jobs: Jobs;
  let standIn: ChildProcess;

  async function start(definitions: object = JOBS): Promise<void> {
    standIn = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        LOG_LEVEL: 'silent',
        HOST: '127.0.0.1',
        PORT: String(port),
        JOBS: JSON.stringify(definitions),
        SERVICES: JSON.stringify({ api: 'http://127.0.0.1:18080' }),
        LOG_DIR: join(folder, 'logs'),
        STATE_DIR: join(folder, 'state'),
        OF_THE_INSTANCE: 'yes',
      },
    });
    await until('the stand-in to listen', async () => {
      const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
      return response?.ok === true;
    });
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (standIn.exitCode !== null || standIn.signalCode !== null) return;
    const exited = once(standIn, 'exit');
    standIn.kill(signal);
    await exited;
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloud-run-jobs-'));
    port = await getPort();
    jobs = createJobs({ projectId: 'test-project', location: 'us-central1', endpoint: `127.0.0.1:${port}` });
    await start();
  }, 30_000);

  afterEach(async () => {
    await stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  const logOf = (execution: string) =>
    readFileSync(join(folder, 'logs', `${execution.slice(execution.lastIndexOf('/') + 1)}.log`), 'utf8');

  async function ended(execution: string): Promise<ExecutionState> {
    let state: ExecutionState = 'running';
    await until('the execution to end', async () => {
      state = await jobs.state(execution);
      return state !== 'running';
    });
    return state;
  }

  /** The pids that the feast job printed. */
  async function family(execution: string): Promise<number[]> {
    await until('the job to start', async () => logOf(execution).includes(']'));
    return JSON.parse(logOf(execution));
  }

  test('a run gets its arguments and environment on top of those of the job and the instance', async () => {
    const execution = await jobs.start('dbt', ['--select', 'source:staging.orders+'], { OVERRIDDEN: 'yes' });
    expect(execution).toMatch(/^projects\/test-project\/locations\/us-central1\/jobs\/dbt\/executions\/dbt-[0-9a-f]+$/);
    expect(await ended(execution)).toBe('succeeded');
    const { args, env } = JSON.parse(logOf(execution));
    expect(args).toEqual(['--select', 'source:staging.orders+']);
    expect(env).toMatchObject({
      OF_THE_INSTANCE: 'yes',
      OF_THE_JOB: 'yes',
      OVERRIDDEN: 'yes',
      CLOUD_RUN_JOB: 'dbt',
      CLOUD_RUN_EXECUTION: execution.slice(execution.lastIndexOf('/') + 1),
      CLOUD_RUN_TASK_INDEX: '0',
    });
    expect(env).not.toHaveProperty('PORT');
  }, 30_000);

  test('a job that exits with another status than 0 has failed', async () => {
    expect(await ended(await jobs.start('great-expectations', []))).toBe('failed');
  }, 30_000);

  test('an execution nobody knows is unknown, and a job nobody knows is an error of the user', async () => {
    const base = 'projects/test-project/locations/us-central1/jobs';
    expect(await jobs.state(`${base}/dbt/executions/dbt-none`)).toBe('unknown');
    await expect(jobs.start('nothing' as 'dbt', [])).rejects.toMatchObject({ code: 'JOBS_NOT_FOUND', class: 'user' });
  }, 30_000);

  test('a stand-in that is away is a passing fault', async () => {
    await stop('SIGTERM');
    await expect(jobs.start('dbt', [])).rejects.toMatchObject({ code: 'JOBS_UNAVAILABLE', class: 'transient' });
    await expect(jobs.state('projects/p/locations/l/jobs/dbt/executions/e')).rejects.toMatchObject({
      code: 'JOBS_UNAVAILABLE',
    });
  }, 60_000);

  test('services.get of v1 tells where a service listens, and names those there are where it does not know one', async () => {
    const ask = (service: string) =>
      fetch(`http://127.0.0.1:${port}/v1/projects/demo-x/locations/us-central1/services/${service}`);
    expect(await (await ask('api')).json()).toMatchObject({ status: { url: 'http://127.0.0.1:18080' } });
    const unknown = await ask('constructor');
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { message: 'no such service: constructor; there are api' } });
  });

  test('after a kill no process of a run is left, and the run has failed', async () => {
    const execution = await jobs.start('feast', []);
    const pids = await family(execution);
    expect(await jobs.state(execution)).toBe('running');
    await stop('SIGKILL');
    expect(pids.filter(isAlive)).toEqual(pids);
    await start();
    expect(await jobs.state(execution)).toBe('failed');
    expect(pids.filter(isAlive)).toEqual([]);
    const next = await jobs.start('dbt', []);
    expect(await ended(next)).toBe('succeeded');
  }, 60_000);

  test('a run beyond its timeout ends with everything it started, even if it will not hear of it', async () => {
    await stop('SIGTERM');
    await start({ ...JOBS, feast: { command: node(STUBBORN_FAMILY), timeoutSeconds: 1 } });
    const execution = await jobs.start('feast', []);
    const pids = await family(execution);
    expect(await ended(execution)).toBe('failed');
    expect(pids.filter(isAlive)).toEqual([]);
  }, 60_000);

  test('stopping the stand-in ends what runs, and a cancelled run does not count as succeeded', async () => {
    const client = new ExecutionsClient({
      fallback: true,
      protocol: 'http',
      apiEndpoint: '127.0.0.1',
      port,
      authClient: new PassThroughClient(),
    });
    const cancelled = await jobs.start('feast', []);
    const running = await jobs.start('feast', []);
    const pids = [...(await family(cancelled)), ...(await family(running))];
    await client.cancelExecution({ name: cancelled });
    expect(await ended(cancelled)).toBe('failed');
    const [listed] = await client.listExecutions({ parent: cancelled.slice(0, cancelled.indexOf('/executions')) });
    expect(listed.map(({ name }) => name).sort()).toEqual([cancelled, running].sort());
    expect(listed.find(({ name }) => name === cancelled)).toMatchObject({ cancelledCount: 1, runningCount: 0 });
    await stop('SIGTERM');
    expect(pids.filter(isAlive)).toEqual([]);
  }, 90_000);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A child that was killed and not yet waited for is a zombie: it runs no more.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const start = Date.now(); !(await holds()); await delay(50)) {
    if (Date.now() - start > 25_000) throw new Error(`waited 25 s for ${what}`);
  }
}
