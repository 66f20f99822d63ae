import { join } from 'node:path';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { planArguments } from './plan.ts';
import { chooseProviders, Terraform, UNSEEN_BY_THE_STAND_IN } from './terraform.ts';
import { configurationFolders, copyConfiguration } from './workspace.ts';

export type Action = 'fmt' | 'validate' | 'plan' | 'test';

/**
 * Runs one of Terraform's checks for a person and prints what it says, folder by folder.
 *
 * @param only one folder, relative to the repository; unless told, every module and environment (`plan`: the environments)
 * @returns whether all went well
 */
export async function runInfra(
  action: Action,
  only: string | undefined,
  wanted: 'auto' | 'registry' | 'stand-in',
): Promise<boolean> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (action === 'fmt') return await format(only, say);
  const providers = await chooseProviders(say, wanted);
  say(
    providers.kind === 'registry'
      ? 'Providers: the real ones, from registry.terraform.io.'
      : `Providers: a stand-in with the real ones' schema. ${UNSEEN_BY_THE_STAND_IN}`,
  );
  using terraform = await Terraform.create(providers, say);
  using workspace = copyConfiguration(ROOT);
  const folders =
    only === undefined
      ? configurationFolders(workspace.root).filter((path) => action !== 'plan' || path.startsWith('terraform/envs/'))
      : [only];
  let ok = true;
  for (const path of folders) {
    const folder = join(workspace.root, path);
    say(`── ${path}`);
    const init = await terraform.init(folder);
    const result = init.ok
      ? await terraform.run(folder, [action, ...(action === 'plan' ? planArguments(workspace.root) : [])])
      : init;
    process.stdout.write(result.output.endsWith('\n') ? result.output : `${result.output}\n`);
    ok &&= result.ok;
  }
  return ok;
}

/** Formats in place: the one thing that is done to the repository itself. */
async function format(only: string | undefined, say: (line: string) => void): Promise<boolean> {
  using terraform = await Terraform.create({ kind: 'registry' }, say);
  const result = await terraform.run(join(ROOT, only ?? 'terraform'), ['fmt', '-recursive']);
  process.stdout.write(result.output);
  return result.ok;
}
