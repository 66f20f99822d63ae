import { join } from 'node:path';
import { cached, inputsHash } from './cache.ts';
import { run } from './run.ts';

/** Installs the program of a published Go module at a pinned version; the module proxy's checksum database vouches for what arrives. */
export async function installGo(
  key: string,
  module: string,
  program: string,
  progress?: (line: string) => void,
): Promise<string> {
  const folder = await cached(key, async (target) => {
    await run('go', ['install', '-trimpath', '-ldflags', '-s -w', module], {
      env: { GOBIN: target, GOFLAGS: '-buildvcs=false' },
      timeoutMinutes: 25,
      progress,
    });
  });
  return join(folder, program);
}

/**
 * Builds a program from a Go module of this repository, or a package that the module's go.mod names and its go.sum pins.
 *
 * @param options.folder the module, relative to `root`; its files are the identity of what is built
 * @param options.package what to build there; the module itself unless told
 * @returns the program's path in the cache
 */
export async function buildGo(
  root: string,
  options: { folder: string; program: string; package?: string; linkerFlags?: string },
  progress?: (line: string) => void,
): Promise<string> {
  const folder = await cached(`${options.program}-${inputsHash(root, [options.folder])}`, async (target) => {
    const output = join(target, options.program);
    const flags = ['-s -w', options.linkerFlags].filter(Boolean).join(' ');
    await run('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', flags, '-o', output, options.package ?? '.'], {
      cwd: join(root, options.folder),
      env: { GOFLAGS: '-buildvcs=false' },
      timeoutMinutes: 25,
      progress,
    });
  });
  return join(folder, options.program);
}
