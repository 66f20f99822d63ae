import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeployLog } from './log.ts';
import type { Target } from './options.ts';
import type { Places } from './places.ts';
import { execution, readServices, type Served, type TrafficShare } from './run-state.ts';
import { type Invocation, shown, type Tools } from './tools.ts';

export interface RollbackReport {
  readonly putBack: readonly string[];
  /** What could not be put back, with the command that does it. */
  readonly failed: readonly { readonly what: string; readonly command: string; readonly reason: string }[];
}

/**
 * Puts back what was served: services and functions by their traffic, jobs by their specifications, and the feature registry by running the job that applies
 * its definitions (`runAgain`) as it was before. It goes on after a failure, so that one thing that cannot be put back does not keep the others.
 *
 * Terraform's state is left as it is: it tells what exists, which a rollback does not change. Services that there were not before keep serving what they have.
 */
export async function rollBack(
  before: Served,
  context: { tools: Tools; log: DeployLog; target: Target; places: Places; runAgain: readonly string[] },
): Promise<RollbackReport> {
  const { tools, log, target, places, runAgain } = context;
  const putBack: string[] = [];
  const failed: { what: string; command: string; reason: string }[] = [];
  const attempt = async (what: string, invocation: Invocation): Promise<void> => {
    try {
      await tools.change(invocation);
      putBack.push(what);
    } catch (error) {
      failed.push({ what, command: shown(invocation), reason: (error as Error).message });
    }
  };

  const now = await readServices(tools, target, new Set(before.services.map(({ name }) => name))).catch(
    () => undefined,
  );
  for (const { name, traffic } of before.services) {
    const current = now?.find((service) => service.name === name);
    if (current !== undefined && same(current.traffic, traffic)) continue;
    const shares = traffic.map(({ revision, percent }) => `${revision}=${percent}`).join(',');
    await attempt(`${name} → ${shares}`, {
      command: 'gcloud',
      args: [
        ...['run', 'services', 'update-traffic', name, `--project=${target.project}`, `--region=${target.region}`],
        `--to-revisions=${shares}`,
      ],
    });
  }

  const folder = join(places.work, 'jobs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { name, specification } of before.jobs) {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, specification, { mode: 0o600 });
    await attempt(`job ${name}`, {
      command: 'gcloud',
      args: ['run', 'jobs', 'replace', file, `--project=${target.project}`, `--region=${target.region}`],
    });
  }
  // Kept where a command that is still to be typed needs them.
  if (failed.length === 0) rmSync(folder, { recursive: true, force: true });

  for (const name of runAgain.filter((job) => before.jobs.some((one) => one.name === job))) {
    await attempt(`what ${name} does`, execution(target, name));
  }
  for (const what of putBack) log.info(`put back: ${what}`);
  for (const { what, command, reason } of failed) {
    log.info(`NOT put back: ${what} (${reason.split('\n')[0]})\n  by hand: ${command}`, { what, command });
  }
  return { putBack, failed };
}

function same(a: readonly TrafficShare[], b: readonly TrafficShare[]): boolean {
  const key = (shares: readonly TrafficShare[]): string =>
    shares
      .map(({ revision, percent }) => `${revision}=${percent}`)
      .sort()
      .join();
  return key(a) === key(b);
}
