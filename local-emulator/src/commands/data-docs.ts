import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readConfigFrom } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { createLake } from '@tributary/platform/lake';
import { environmentOf } from '../instance/environment.ts';
import { stateRoot } from '../instance/folders.ts';
import { currentInstance } from './lifecycle.ts';

/** Where the validate job publishes the site. docs/interfaces.md#artifacts */
const SITE = 'data-docs/';

/**
 * Copies the data docs of the running instance to a folder, in place of what an earlier call left there, and prints the address of their index.
 *
 * @param folder relative to where the command was called; by default one in the instance's own state
 */
export async function dataDocs(folder: string | undefined): Promise<void> {
  const instance = currentInstance();
  if (instance === undefined)
    throw new UserError('NOTHING_RUNNING', 'Nothing is running that has data docs. "npm run up" starts everything.');
  const state = join(stateRoot(), instance);
  const { lake: config } = readConfigFrom(environmentOf(state), 'lake');
  const lake = createLake(config);
  const target = folder === undefined ? join(state, 'data-docs') : resolve(folder, 'data-docs');
  rmSync(target, { recursive: true, force: true });
  let files = 0;
  for await (const { name } of lake.list(config.lakeBucket, SITE)) {
    const found = await lake.read(config.lakeBucket, name);
    if (!found) continue;
    const file = join(target, name.slice(SITE.length));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, found.body);
    files += 1;
  }
  if (files === 0)
    throw new UserError('NO_DATA_DOCS', 'No quality gate has run yet; once one has, its data docs are there.');
  process.stdout.write(`${pathToFileURL(join(target, 'index.html'))}\n`);
}
