import { join } from 'node:path';
import { type EraseReport, readOptions, runErase } from '@tributary/erase';
import { UserError } from '@tributary/platform/errors';
import { environmentOf } from '../instance/environment.ts';
import { stateRoot } from '../instance/folders.ts';
import { currentInstance } from './lifecycle.ts';
import { table } from './table.ts';

/** Removes a person from everything the running instance keeps, and prints what was where. */
export async function eraseRunning(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  const instance = currentInstance();
  if (instance === undefined)
    throw new UserError('NOTHING_RUNNING', 'Nothing is running to erase from. "npm run up" starts everything.');
  const env = environmentOf(join(stateRoot(), instance));
  const report = await runErase(options, (message) => process.stderr.write(`${message} …\n`), env);
  process.stdout.write(printedErasure(report, options.dryRun === true));
}

/** The report for a terminal. */
export function printedErasure({ erasureId, places, listed }: EraseReport, dryRun: boolean): string {
  const rows = [...places].map(([name, { found, removed }]) => [name, String(found), String(removed)]);
  const notes = [...places.values()].flatMap((place) => place.notes.map((note) => `  ${note}\n`));
  const ends = dryRun
    ? 'Nothing was removed.\n'
    : listed
      ? `Nothing of theirs is left, and what comes of theirs is dropped from now on (${erasureId}).\n`
      : 'Nobody of that number is known anywhere, so nothing was changed, and a person who gets it later is taken in.\n';
  return [table(['place', 'found', 'removed'], rows), ...notes, ends].join('');
}
