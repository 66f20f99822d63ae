import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';

/** A process under test; its output so far, and the end of it. */
export interface Running {
  output(): string;
  /** Resolves when `url` answers 200. Rejects with the output when the process ended instead. */
  answers(url: string): Promise<Response>;
  /** Resolves with the exit status when the process has ended by itself. */
  ended(): Promise<number | undefined>;
  stop(): Promise<void>;
}

export function runProcess(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env: Readonly<Record<string, string>> },
): Running {
  let output = '';
  let over = false;
  const child = execa(command, args, {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
    // Whatever it started ends with it.
    detached: true,
  });
  child.all.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const end = child.then((result) => {
    over = true;
    return result.exitCode;
  });
  return {
    output: () => output,
    async answers(url) {
      while (!over) {
        const answer = await fetch(url).catch(() => undefined);
        if (answer?.ok) return answer;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${command} ended before ${url} answered:\n${output}`);
    },
    ended: () => end,
    async stop() {
      if (over || child.pid === undefined) return;
      process.kill(-child.pid, 'SIGTERM');
      const late = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), 15_000);
      await end;
      clearTimeout(late);
    },
  };
}

/** A server that takes connections and says nothing: a database that never answers. */
export async function silentServer(): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function freePort(): Promise<number> {
  const server = await silentServer();
  await server.close();
  return server.port;
}

/** An empty folder; what was there is gone. */
export function emptyFolder(...path: readonly string[]): string {
  const folder = join(...path);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
