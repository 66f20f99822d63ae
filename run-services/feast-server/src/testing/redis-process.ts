import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real redis-server of a test's own. */
export interface RedisProcess {
  readonly port: number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when it takes connections. */
export async function startRedis(program: string, args: readonly string[] = []): Promise<RedisProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-redis-'));
  const port = await freePort();
  const all = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...args];
  const child = spawn(program, all, { stdio: ['ignore', 'pipe', 'inherit'] });
  await untilReady(child);
  return {
    port,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess): Promise<void> {
  let said = '';
  for await (const chunk of child.stdout!) {
    said += String(chunk);
    if (/ready to accept connections/i.test(said)) {
      child.stdout!.resume();
      return;
    }
  }
  throw new Error(`redis-server ended: ${said}`);
}
