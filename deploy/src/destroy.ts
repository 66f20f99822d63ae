import { UserError } from '@tributary/platform/errors';
import type { Deployables } from './deployables.ts';
import type { Google } from './google.ts';
import type { DeployLog } from './log.ts';
import type { DestroyOptions } from './options.ts';
import type { Places } from './places.ts';
import { checkAccounts } from './prerequisites/accounts.ts';
import { checkProject } from './prerequisites/project.ts';
import { checkStateBucket } from './prerequisites/state-bucket.ts';
import { noArtifacts, type PlannedChange, Terraform } from './terraform.ts';
import type { Tools } from './tools.ts';

export interface DestroyPorts {
  readonly tools: Tools;
  readonly log: DeployLog;
  readonly google: Google;
  readonly places: Places;
  readonly deployables: Deployables;
  readonly ask: (question: string) => Promise<string | undefined>;
}

/**
 * Deletes what Terraform made in a project: says first what goes, what data goes with it, what is protected and what stays, and asks for the project's name.
 *
 * @returns the exit status
 * @throws {UserError} PROD_PROTECTED, NOTHING_TO_DESTROY, DESTROY_PROTECTED, NOT_CONFIRMED; nothing was changed then
 */
export async function destroy(options: DestroyOptions, ports: DestroyPorts): Promise<number> {
  const { tools, log, places, ask } = ports;
  if (options.environment === 'prod' && !options.yesDestroyProd)
    throw new UserError(
      'PROD_PROTECTED',
      `${options.project} is a prod environment. If it is really to be destroyed, add --yes-destroy-prod.`,
    );
  const context = { ...ports, target: options, builder: 'cloud-build' as const, lock: { unfilled: [] } };
  log.step('check', `${options.project} (${options.environment})`);
  await checkAccounts(context);
  await checkProject(context);
  if ((await checkStateBucket(context)) === 'missing')
    throw new UserError(
      'NOTHING_TO_DESTROY',
      `There is no gs://${places.stateBucket}: nothing was deployed to ${options.project} by this.`,
    );
  const terraform = new Terraform(tools, places, options);
  await terraform.init();
  terraform.writeVariables(noArtifacts(ports.deployables, places));
  const plan = await terraform.plan({ destroy: true, deployed: true });
  if (plan === undefined) {
    log.info('Terraform has nothing there.');
    return 0;
  }
  log.step('what goes', `${plan.remove} resources`);
  log.info(
    plan.losesData.length === 0
      ? 'None of them holds data.'
      : `Data that is lost with them:\n${plan.losesData.map(({ address }) => `  ${address}`).join('\n')}`,
  );
  log.info(
    `What stays: gs://${places.stateBucket} with all versions of the state, APIs that are enabled, logs until they expire, backups that Cloud SQL keeps past the instance, keys of Cloud KMS (never deleted), and whatever Terraform does not know.`,
  );
  const held = plan.removed.filter(isProtected);
  if (held.length > 0)
    throw new UserError(
      'DESTROY_PROTECTED',
      `These are protected, so nothing is destroyed:\n${held.map(({ address }) => `  ${address}`).join('\n')}\nSet deletion_protection = false (and, for buckets that hold objects, force_destroy = true) in terraform/envs/${options.environment}/terraform.tfvars, deploy that, then run this again.`,
    );
  const typed = options.confirm ?? (await ask(`\nType the project's name to destroy it, anything else to stop: `));
  if (typed === undefined)
    throw new UserError('NOT_CONFIRMED', `Nobody can be asked here; add --confirm ${options.project}.`);
  if (typed.trim() !== options.project)
    throw new UserError('NOT_CONFIRMED', 'That is not its name; nothing was changed.');
  log.step('destroy', options.project);
  await terraform.apply();
  log.info(`${options.project} (${options.environment}) is destroyed.`);
  return 0;
}

/** What Terraform or the API would refuse half-way, with the rest already gone. */
function isProtected({ type, change }: PlannedChange): boolean {
  const before = change.before ?? {};
  if (before.deletion_protection === true || before.deletion_protection_enabled === true) return true;
  return type === 'google_storage_bucket' && before.force_destroy === false;
}
