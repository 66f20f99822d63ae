import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import getPort from 'get-port';

/**
 * A free port for every name. An instance that was up before gets the same ones again where they are still free, so that bookmarks and clients keep working.
 */
export async function assignPorts(state: string, names: readonly string[]): Promise<Record<string, number>> {
  const file = join(state, 'ports.json');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const ports: Record<string, number> = {};
  for (const name of names) {
    const remembered = before[name];
    ports[name] =
      remembered !== undefined && (await isFree(remembered))
        ? remembered
        : await getPort({ host: '127.0.0.1', exclude: Object.values(ports) });
  }
  writeFileSync(file, JSON.stringify({ ...before, ...ports }, null, 2));
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
