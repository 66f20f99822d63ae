import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { cached } from './cache.ts';
import { findPython313 } from './requirements.ts';
import { run } from './run.ts';

/** https://pypi.org/project/uv/ */
const UV_VERSION = '0.13.8';

/**
 * Brings the project's `.venv` to what uv.lock says.
 *
 * @returns the folder of its commands
 */
export async function ensurePython(root: string, progress: (line: string) => void): Promise<string> {
  const bin = join(root, '.venv', 'bin');
  const stamp = join(root, '.venv', '.tributary-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'uv.lock')))
    .update(readFileSync(join(root, 'pyproject.toml')))
    .digest('hex');
  if (existsSync(stamp) && existsSync(join(bin, 'python')) && readFileSync(stamp, 'utf8') === wanted) return bin;
  const uv = await ensureUv();
  const python = (await findPython313()) ?? '3.13';
  // Byte-compiling once here takes seconds off every later start of dbt, Feast and Great Expectations.
  await run(uv, ['sync', '--frozen', '--compile-bytecode', '--python', python], {
    cwd: root,
    env: { VIRTUAL_ENV: '' },
    timeoutMinutes: 20,
    progress,
  });
  writeFileSync(stamp, wanted);
  return bin;
}

/** The uv of this machine, or one of its own in the cache. */
export async function ensureUv(): Promise<string> {
  const own = await execa('uv', ['--version'], { reject: false, stdin: 'ignore' });
  if (!own.failed) return 'uv';
  const folder = await cached(`uv-${UV_VERSION}`, async (target) => {
    const venv = join(target, 'venv');
    await run('python3', ['-m', 'venv', venv], { timeoutMinutes: 5 });
    await run(
      join(venv, 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `uv==${UV_VERSION}`],
      { timeoutMinutes: 10 },
    );
  });
  // uv is a native program: it runs wherever the cache entry was moved to.
  return join(folder, 'venv', 'bin', 'uv');
}
