import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { ROOT } from '../instance/machine.ts';

const ACTIONS = ['fmt', 'validate', 'plan', 'test'] as const;

/**
 * Runs one of Terraform's own checks on one folder of `terraform/`, or on all of them, with the real providers where their registry answers and with the
 * stand-in where not; says which.
 *
 * @param folder relative to where npm was called; every module and environment unless told
 */
export async function infra(
  action: string,
  folder: string | undefined,
  options: { providers: 'auto' | 'registry' | 'stand-in' },
): Promise<void> {
  const { runInfra } = await import('@tributary/terraform-verify/infra');
  const known = ACTIONS.find((name) => name === action);
  if (known === undefined)
    throw new UserError('NO_SUCH_ACTION', `There is no "${action}"; there are ${ACTIONS.join(', ')}.`);
  const asked = folder === undefined ? undefined : resolve(process.env.INIT_CWD ?? process.cwd(), folder);
  if (asked !== undefined && (!existsSync(asked) || relative(join(ROOT, 'terraform'), asked).startsWith('..')))
    throw new UserError('NO_SUCH_FOLDER', `There is no folder ${folder} below terraform/.`);
  const ok = await runInfra(known, asked === undefined ? undefined : relative(ROOT, asked), options.providers);
  if (!ok) process.exitCode = 1;
}
