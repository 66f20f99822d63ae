import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import type { CheckContext } from './check.ts';

/** APIs that Terraform itself, or a deploy before it, calls; terraform/modules/project enables the rest. */
export const FIRST_APIS: readonly string[] = [
  'artifactregistry.googleapis.com',
  'cloudbuild.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'compute.googleapis.com',
  'dataflow.googleapis.com',
  'iam.googleapis.com',
  'iamcredentials.googleapis.com',
  'run.googleapis.com',
  'secretmanager.googleapis.com',
  'serviceusage.googleapis.com',
  'storage.googleapis.com',
];

/** @throws {UserError} NO_SUCH_PROJECT */
export async function checkProject({ tools, target: { project } }: CheckContext): Promise<void> {
  const outcome = await tools.tryRead({ command: 'gcloud', args: ['projects', 'describe', project, '--format=json'] });
  // Google does not say whether a project is absent or somebody else's.
  const state =
    outcome.exitCode === 0 ? (JSON.parse(outcome.stdout) as { lifecycleState?: string }).lifecycleState : 'absent';
  if (state !== 'ACTIVE') {
    const how = state === 'absent' ? 'does not exist, or you have no access to it' : `is ${state}`;
    throw new UserError(
      'NO_SUCH_PROJECT',
      `The project ${project} ${how}. See "gcloud projects list"; make one with "gcloud projects create ${project}".`,
    );
  }
}

/** @throws {UserError} BILLING_DISABLED */
export async function checkBilling({ tools, target: { project } }: CheckContext): Promise<void> {
  const { billingEnabled } = await tools.readJson(
    { command: 'gcloud', args: ['billing', 'projects', 'describe', project, '--format=json'] },
    z.object({ billingEnabled: z.boolean().optional() }),
  );
  if (!billingEnabled)
    throw new UserError(
      'BILLING_DISABLED',
      `The project ${project} has no billing account. Link one: gcloud billing projects link ${project} --billing-account=<id of "gcloud billing accounts list">`,
    );
}

/** @returns those of FIRST_APIS that are not enabled; the deploy enables them, for which the permissions are checked */
export async function checkApis({ tools, target: { project } }: CheckContext): Promise<readonly string[]> {
  const enabled = await tools.readJson(
    { command: 'gcloud', args: ['services', 'list', '--enabled', `--project=${project}`, '--format=json'] },
    z.array(z.object({ config: z.object({ name: z.string() }) })),
  );
  const names = new Set(enabled.map(({ config }) => config.name));
  return FIRST_APIS.filter((api) => !names.has(api));
}
