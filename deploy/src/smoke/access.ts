import { z } from 'zod';
import type { DeployLog } from '../log.ts';
import type { Target } from '../options.ts';
import type { Tools } from '../tools.ts';
import { smokeAccount } from './smoke.ts';

/** ID tokens only: they open what the smoke account may call, and no API of Google. An owner of the project does not have this by itself. */
const ROLE = 'roles/iam.serviceAccountOpenIdTokenCreator';

const policySchema = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()) })).optional(),
});

/**
 * Lets the person who deploys ask for tokens of the smoke account, where nobody has yet. CI's account has it from terraform/modules/delivery.
 *
 * @param account whom gcloud is signed in as
 */
export async function allowTokens(tools: Tools, log: DeployLog, target: Target, account: string): Promise<void> {
  if (account.endsWith('.gserviceaccount.com')) return;
  const member = `user:${account}`;
  const { bindings = [] } = await tools.readJson(
    {
      command: 'gcloud',
      args: [
        'iam',
        'service-accounts',
        'get-iam-policy',
        smokeAccount(target),
        `--project=${target.project}`,
        '--format=json',
      ],
    },
    policySchema,
  );
  if (bindings.some(({ role, members }) => role === ROLE && members.includes(member))) return;
  await tools.change({
    command: 'gcloud',
    args: [
      ...['iam', 'service-accounts', 'add-iam-policy-binding', smokeAccount(target), `--project=${target.project}`],
      ...[`--member=${member}`, `--role=${ROLE}`, '--condition=None'],
    ],
  });
  log.info(`${account} may try what is deployed, as ${smokeAccount(target)}`);
}
