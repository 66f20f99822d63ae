import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@tributary/platform/errors';
import { startTimeOf } from '../supervisor/identity.ts';

/** Another command building the same thing gets this long; a cold pipeline build takes about six minutes on two cores. */
const LOCK_WAIT_MS = 25 * 60_000;

/** Where downloads and builds are kept between clones: `$TRIBUTARY_CACHE_DIR`, or the user's cache folder. */
export function cacheRoot(): string {
  if (process.env.TRIBUTARY_CACHE_DIR) return process.env.TRIBUTARY_CACHE_DIR;
  const base =
    process.env.XDG_CACHE_HOME || join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  return join(base, 'tributary');
}

/**
 * Returns the cache entry `key`, building it when it is missing. `build` fills an empty folder that becomes the entry only when it is complete, so a
 * build that was interrupted leaves nothing that could be taken for one. Two commands asking together build it once.
 *
 * @returns the entry's folder
 * @throws {UserError} CACHE_LOCKED when another process holds the entry for longer than any build takes
 */
export async function cached(key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const entry = join(cacheRoot(), key);
  if (existsSync(entry)) return entry;
  mkdirSync(cacheRoot(), { recursive: true });
  const unlock = await lock(`${entry.replaceAll('/', '_')}`);
  try {
    if (existsSync(entry)) return entry;
    const unfinished = `${entry}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    await build(unfinished);
    renameSync(unfinished, entry);
    return entry;
  } finally {
    unlock();
  }
}

async function lock(name: string): Promise<() => void> {
  const file = join(cacheRoot(), `${createHash('sha256').update(name).digest('hex').slice(0, 16)}.lock`);
  const me = JSON.stringify({ pid: process.pid, startedAt: startTimeOf(process.pid) });
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      writeFileSync(file, me, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!ownerLives(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new UserError(
        'CACHE_LOCKED',
        `Another command has been building ${name} for over 25 minutes. End it, or delete ${file}.`,
      );
    }
    await sleep(500);
  }
}

function ownerLives(file: string): boolean {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startedAt: string };
    return startTimeOf(owner.pid) === owner.startedAt;
  } catch {
    return false;
  }
}

/** SHA-256 over the names and contents of files and folders below `root`: the identity of what is built from them. */
export function inputsHash(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  const visit = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) visit(join(path, entry));
      return;
    }
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
  };
  for (const path of paths) visit(join(root, path));
  return hash.digest('hex').slice(0, 16);
}
