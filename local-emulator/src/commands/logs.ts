import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, watchFile } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { logFile } from '../instance/control.ts';
import { instances, stateRoot } from '../instance/folders.ts';
import { currentInstance } from './lifecycle.ts';

/** How much of the end of a log is printed first. */
const TAIL_BYTES = 8 * 1024;
const FOLLOW_INTERVAL_MS = 300;

/** Prints the end of one component's log, or of all; follows them with `-f` until Ctrl-C. */
export async function logs(component: string | undefined, options: { follow: boolean }): Promise<void> {
  const instance = currentInstance() ?? instances().at(-1);
  if (instance === undefined)
    throw new UserError('NOTHING_RUNNING', 'There are no logs: nothing has run yet. "npm run up" starts everything.');
  const folder = join(stateRoot(), instance, 'logs');
  if (!existsSync(folder)) throw new UserError('NO_LOG', `Instance "${instance}" has no logs yet.`);
  const files = component === undefined ? logFilesBelow(folder) : [logFile(instance, component)];
  const prefix = files.length > 1;
  for (const file of files)
    print(file, Math.max(0, statSync(file).size - (prefix ? TAIL_BYTES / 8 : TAIL_BYTES)), prefix);
  if (!options.follow) return;
  for (const file of files) {
    watchFile(file, { interval: FOLLOW_INTERVAL_MS }, (now, before) => {
      if (now.size > before.size) print(file, before.size, prefix);
    });
  }
  await new Promise((resolve) => process.once('SIGINT', resolve));
}

function logFilesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => join(folder, name));
}

function print(file: string, from: number, prefix: boolean): void {
  const size = statSync(file).size;
  const buffer = Buffer.alloc(size - from);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, buffer, 0, buffer.length, from);
  } finally {
    closeSync(handle);
  }
  const name = basename(file, '.log');
  for (const line of buffer
    .toString('utf8')
    .split('\n')
    .filter((text) => text !== ''))
    process.stdout.write(prefix ? `${name.padEnd(24)} ${line}\n` : `${line}\n`);
}
