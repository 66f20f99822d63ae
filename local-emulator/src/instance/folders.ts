import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';

/** Where instances keep their state: `$TRIBUTARY_STATE_DIR`, or the user's state folder. */
export function stateRoot(): string {
  if (process.env.TRIBUTARY_STATE_DIR) return process.env.TRIBUTARY_STATE_DIR;
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'tributary');
}

/** The folder of an instance, created where it is missing. */
export function instanceFolder(instance: string): string {
  const folder = join(stateRoot(), instance);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new UserError(
      'STATE_FOLDER',
      `The state folder ${folder} cannot be made (${(error as Error).message}). Set TRIBUTARY_STATE_DIR to a folder that you may write to.`,
    );
  }
  return folder;
}

/** Names of all instances that have a folder, oldest first. */
export function instances(): string[] {
  const root = stateRoot();
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => statSync(join(root, name)).isDirectory())
    .sort((a, b) => statSync(join(root, a)).mtimeMs - statSync(join(root, b)).mtimeMs);
}
