import { cpSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { execa } from 'execa';

/** Whether .dockerignore names a file. Its patterns are of the forms that matchesGlob reads alike; none takes back another. */
export function ignoredByDocker(root: string, file: string): boolean {
  return readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .some((pattern) => matchesGlob(file, pattern) || matchesGlob(file, `${pattern}/**`));
}

/** The build context, as Docker would be sent it: what git knows or would add, without what .dockerignore names. */
export async function writeContext(root: string, context: string): Promise<void> {
  const { stdout } = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const files = stdout.split('\0').filter((file) => file !== '' && !ignoredByDocker(root, file));
  for (const file of files) copyWhereThere(join(root, file), join(context, file));
}

/** What was deleted and is not committed yet is still listed, and temporary files of others come and go. */
function copyWhereThere(from: string, to: string): void {
  try {
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
