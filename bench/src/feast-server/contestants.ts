import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestStack } from '@tributary/local-emulator/testing';
import { UserError } from '@tributary/platform/errors';
import { cpuSeconds } from '../flink/cpu-time.ts';
import { body } from './load.ts';

const run = promisify(execFile);
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const OURS = file('../../../run-services/feast-server/src/main.ts');
const READY_WITHIN_MS = 180_000;

/** A server under load: what it is called, where it listens, and what its processes take. */
export class Contestant {
  readonly name: string;
  readonly url: string;
  /** Milliseconds from the start of the process to the first answer. */
  readyMs = 0;
  readonly #process: ChildProcess;

  private constructor(name: string, port: number, process: ChildProcess) {
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
    this.#process = process;
  }

  static async start(
    name: string,
    command: (port: number) => {
      readonly file: string;
      readonly args: readonly string[];
      readonly env?: NodeJS.ProcessEnv;
    },
  ): Promise<Contestant> {
    const port = await freePort();
    const { file: program, args, env } = command(port);
    const began = performance.now();
    const contestant = new Contestant(name, port, spawn(program, args, { stdio: 'ignore', env: env ?? process.env }));
    await contestant.#ready(began);
    return contestant;
  }

  async #ready(began: number): Promise<void> {
    while (performance.now() - began < READY_WITHIN_MS) {
      const isUp = await fetch(`${this.url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) {
        this.readyMs = performance.now() - began;
        return;
      }
      if (this.#process.exitCode !== null) break;
      await delay(10);
    }
    throw new UserError('BENCH_NOT_READY', `${this.name} did not begin to answer.`);
  }

  /** Seconds of processor time of all its processes so far. */
  cpuSeconds(): number {
    return this.#pids().reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }

  /** Bytes of memory of all its processes. */
  rssBytes(): number {
    return this.#pids().reduce((sum, pid) => sum + residentBytes(pid), 0);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await Promise.race([ended, delay(10_000, undefined, { ref: false })]);
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL');
  }

  #pids(): number[] {
    const all: number[] = [];
    const visit = (pid: number): void => {
      all.push(pid);
      for (const child of childrenOf(pid)) visit(child);
    };
    visit(this.#process.pid!);
    return all;
  }
}

/** `feast serve` with one and with two workers, tuned as far as it can be; ours; and a bare Node server whose answers are as long as ours of 1 × 10. */
export async function startContestants(stack: TestStack): Promise<Contestant[]> {
  const { machine } = stack;
  const python = join(machine.tools.pythonBin, 'python');
  const redis = `127.0.0.1:${machine.port('redis')}`;
  const folder = join(machine.state, 'feast-bench');
  // gunicorn keeps a socket in the home folder.
  const env = { ...process.env, HOME: machine.state };
  await run(python, [file('./repository.py'), folder, redis], { env });
  const feast = (workers: number) =>
    Contestant.start(workers === 1 ? 'feast' : `feast_${workers}_workers`, (port) => ({
      file: python,
      args: [
        join(machine.tools.pythonBin, 'feast'),
        '-c',
        folder,
        'serve',
        '--no-access-log',
        '--max-requests',
        '0',
        '--workers',
        String(workers),
        '-p',
        String(port),
      ],
      env,
    }));
  const ours = await Contestant.start('ours', (port) => ({
    file: process.execPath,
    // As the image starts it.
    args: ['--max-old-space-size=256', '--max-semi-space-size=8', OURS],
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      REDIS_ADDRESS: redis,
      FEAST_REGISTRY: join(folder, 'registry.db'),
      LOG_LEVEL: 'error',
      FEATURES_DELIVERY: 'off',
      ERASURES: 'off',
    },
  }));
  const answer = await fetch(`${ours.url}/get-online-features`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body({ entities: 1, features: 10 }),
  });
  const bytes = (await answer.arrayBuffer()).byteLength;
  const bare = await Contestant.start('bare_node', (port) => ({
    file: process.execPath,
    args: [file('./bare.ts'), String(port), String(bytes)],
  }));
  return [ours, await feast(1), await feast(2), bare];
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
