import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { chooseProviders, Terraform } from './terraform.ts';
import { configurationFolders, copyConfiguration, type Workspace } from './workspace.ts';

const quiet = (): void => {};

let workspace: Workspace;
let terraform: Terraform;
beforeAll(async () => {
  terraform = await Terraform.create(await chooseProviders(quiet), quiet);
  workspace = copyConfiguration(ROOT);
}, 300_000);
afterAll(() => {
  workspace?.[Symbol.dispose]();
  terraform?.[Symbol.dispose]();
});

const FOLDERS = configurationFolders(ROOT);

test('modules and environments are found', () => {
  expect(FOLDERS).toEqual(
    expect.arrayContaining(['terraform/envs/dev', 'terraform/envs/prod', 'terraform/modules/bus']),
  );
});

test.each(FOLDERS)(
  '%s is valid, and its own tests pass',
  async (path) => {
    const folder = join(workspace.root, path);
    const init = await terraform.init(folder);
    expect(init.ok ? '' : init.output).toBe('');
    const valid = await terraform.run(folder, ['validate']);
    expect(valid.ok ? '' : valid.output).toBe('');
    // A warning is what the next version refuses.
    expect(valid.output).not.toContain('Warning:');
    if (!existsSync(join(folder, 'tests'))) return;
    const tested = await terraform.run(folder, ['test']);
    expect(tested.output).toMatch(/Success! [1-9]\d* passed, 0 failed\./);
  },
  600_000,
);
