import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import type { CheckContext } from './check.ts';

/**
 * Both sign-ins: gcloud has its own, Terraform uses the application default.
 *
 * @returns whom gcloud is signed in as
 * @throws {UserError} NOT_SIGNED_IN
 */
export async function checkAccounts({ tools, google, log }: CheckContext): Promise<string> {
  const active = await tools.readJson(
    { command: 'gcloud', args: ['auth', 'list', '--filter=status:ACTIVE', '--format=json'] },
    z.array(z.object({ account: z.string() })),
  );
  if (active.length === 0)
    throw new UserError('NOT_SIGNED_IN', 'gcloud has no active account. Run "gcloud auth login".');
  await google.checkCredentials();
  log.info('signed in, with gcloud and for Terraform');
  return active[0]!.account;
}
