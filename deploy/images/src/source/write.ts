import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Files } from './source-package.ts';

/** Writes files below `folder`, which is emptied first; readable by all and writable by their owner, whatever the umask is. */
export function writeFiles(folder: string, ...parts: readonly Files[]): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const files of parts) {
    for (const [path, bytes] of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      chmodSync(file, 0o644);
    }
  }
}
