import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loads } from '../python/json.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('./repository.py', import.meta.url));

/** What repository.py says that there is to ask for. */
export interface Repository {
  readonly project: string;
  readonly views: Readonly<Record<string, DescribedView>>;
  readonly services: readonly string[];
  /** Values of each join key, some of which have rows. */
  readonly keys: Readonly<Record<string, readonly (number | bigint | string)[]>>;
}

export interface DescribedView {
  readonly keys: readonly string[];
  readonly features: Readonly<Record<string, string>>;
  readonly push: string | null;
}

/** Feast's own server, over a feature repository made at random from a seed. */
export class Oracle {
  readonly folder: string;
  readonly url: string;
  readonly repository: Repository;
  readonly #pythonBin: string;
  readonly #process: ChildProcess;
  readonly #home: string;

  private constructor(folder: string, url: string, pythonBin: string, home: string, process: ChildProcess) {
    this.folder = folder;
    this.url = url;
    this.#pythonBin = pythonBin;
    this.#home = home;
    this.#process = process;
    // Keys beyond 2^53 are among what it holds.
    this.repository = loads(readFileSync(join(folder, 'repository.json'))) as unknown as Repository;
  }

  /** Makes the repository, fills Redis, and starts `feast serve`; resolves when it answers. */
  static async start(options: { pythonBin: string; state: string; redis: string; seed: number }): Promise<Oracle> {
    const { pythonBin, state, redis, seed } = options;
    const folder = join(state, 'repository');
    // gunicorn keeps a socket in the home folder.
    const home = join(state, 'home');
    mkdirSync(home, { recursive: true });
    const env = { ...process.env, HOME: home };
    await run(join(pythonBin, 'python'), [SCRIPT, folder, redis, String(seed)], { env });
    const port = await freePort();
    const args = ['-c', folder, 'serve', '--no-access-log', '--max-requests', '0', '-p', String(port), '-r', '1'];
    const server = spawn(join(pythonBin, 'python'), [join(pythonBin, 'feast'), ...args], { env, stdio: 'ignore' });
    const oracle = new Oracle(folder, `http://127.0.0.1:${port}`, pythonBin, home, server);
    await oracle.#ready();
    return oracle;
  }

  /** Runs Feast's command line in the repository. */
  async feast(...args: string[]): Promise<void> {
    await run(join(this.#pythonBin, 'python'), [join(this.#pythonBin, 'feast'), '-c', this.folder, ...args], {
      env: { ...process.env, HOME: this.#home },
    });
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGTERM');
    await Promise.race([ended, delay(10_000, undefined, { ref: false })]);
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL');
  }

  async #ready(): Promise<void> {
    for (const end = Date.now() + 120_000; Date.now() < end; await delay(200)) {
      if (this.#process.exitCode !== null) throw new Error(`feast serve ended with ${this.#process.exitCode}`);
      const isUp = await fetch(`${this.url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) return;
    }
    throw new Error('feast serve did not answer within two minutes');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
