import { setTimeout as delay } from 'node:timers/promises';
import { TransientError } from '@tributary/platform/errors';
import { inspectCommits } from '@tributary/platform/group-commit';
import type { ErasePorts } from './ports.ts';

const POLL_MS = 1_000;
/** A dbt run, or a batch over one file, that takes longer is stuck. */
const PATIENCE_MS = 15 * 60_000;

type Ports = Pick<ErasePorts, 'lake' | 'lakeBucket' | 'progress'>;

/**
 * Waits until every landing file that is being checked or read now has ended: rows that were read before the person was on the list become files only at the end.
 *
 * @throws {TransientError} ERASE_CHAIN_BUSY where one goes on for a quarter of an hour.
 */
export function untilLandingEnded(ports: Ports): Promise<void> {
  return untilEnded(/^landing-/, 'the person was on the list', ports);
}

/**
 * Waits until every run of the chain that is under way now has ended: stages make tables and rows out of what staging held when they began.
 *
 * @throws {TransientError} ERASE_CHAIN_BUSY where one goes on for a quarter of an hour.
 */
export function untilChainForgot(ports: Ports): Promise<void> {
  return untilEnded(/^(transform|validate|materialize)/, "the person's rows were removed", ports);
}

/** What begins meanwhile is not waited for. */
async function untilEnded(commits: RegExp, event: string, { lake, lakeBucket, progress }: Ports): Promise<void> {
  const open = async () =>
    (await inspectCommits(lake, lakeBucket)).flatMap(({ name, openManifest }) =>
      commits.test(name) && openManifest !== undefined ? [openManifest] : [],
    );
  const before = new Set(await open());
  if (before.size > 0) progress(`waiting for ${[...before].join(', ')}, which began before`);
  const began = Date.now();
  for (let left = [...before]; left.length > 0; left = (await open()).filter((manifest) => before.has(manifest))) {
    if (Date.now() - began > PATIENCE_MS) {
      throw new TransientError(
        'ERASE_CHAIN_BUSY',
        `${left.join(', ')} began before ${event} and has not ended. Look at the job, then run the same command again: it goes on.`,
      );
    }
    await delay(POLL_MS);
  }
}
