import { UserError } from '@tributary/platform/errors';
import type { Google } from '../google.ts';
import type { DeployLog } from '../log.ts';
import type { Builder, Target } from '../options.ts';
import type { Places } from '../places.ts';
import type { Tools } from '../tools.ts';
import { checkAccounts } from './accounts.ts';
import { checkLock, type Lock } from './lock.ts';
import { checkPermissions } from './permissions.ts';
import { checkApis, checkBilling, checkProject } from './project.ts';
import { checkQuotas } from './quotas.ts';
import { checkStateBucket, type StateBucket } from './state-bucket.ts';
import { checkTools } from './tools.ts';

export interface CheckContext {
  readonly tools: Tools;
  readonly google: Google;
  readonly log: DeployLog;
  readonly target: Target;
  readonly places: Places;
  readonly builder: Builder;
  readonly lock: Lock;
}

/** What the checks found that the deploy goes by. */
export interface Found {
  /** Whom gcloud is signed in as. */
  readonly account: string;
  readonly stateBucket: StateBucket;
  /** APIs without which nothing else can be asked for, and which are not enabled yet. */
  readonly missingApis: readonly string[];
}

/**
 * Checks all that a deploy needs, and changes nothing. Checks that do not build on each other all run, so that a person mends everything in one go.
 *
 * @throws {UserError} the check's own error where one thing is wrong; PREREQUISITES with all of them where several are
 */
export async function checkPrerequisites(context: CheckContext): Promise<Found> {
  await together([() => checkTools(context), async () => checkLock(context.lock)]);
  const account = await checkAccounts(context);
  await checkProject(context);
  let missingApis: readonly string[] = [];
  let stateBucket: StateBucket = 'missing';
  await together([
    () => checkBilling(context),
    async () => {
      missingApis = await checkApis(context);
    },
    () => checkPermissions(context),
    async () => {
      stateBucket = await checkStateBucket(context);
    },
    () => checkQuotas(context),
  ]);
  return { account, stateBucket, missingApis };
}

async function together(checks: readonly (() => Promise<void>)[]): Promise<void> {
  const problems: UserError[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error);
    }
  }
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1)
    throw new UserError('PREREQUISITES', problems.map(({ code, message }) => `[${code}] ${message}`).join('\n'));
}
