import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresFolders } from '../components/postgres.ts';
import { groupIsAlive, isAlive, processesMarked, signalGroup } from '../supervisor/identity.ts';
import { readStatus } from '../supervisor/status-file.ts';
import { instances, stateRoot } from './folders.ts';

/** How long processes that got SIGTERM may take before they get SIGKILL. */
const GRACE_MS = 5_000;

/** The instances whose supervisor runs. */
export function runningInstances(): string[] {
  return instances().filter((instance) => {
    const status = readStatus(join(stateRoot(), instance));
    return status !== undefined && isAlive(status.supervisor);
  });
}

/**
 * Ends what an instance left behind whose supervisor was killed. Only processes it started are touched: each is known by its id together with its start
 * time, or carries the instance's mark in its environment.
 *
 * @returns how many processes or groups were ended
 */
export async function endLeftovers(instance: string): Promise<number> {
  const status = readStatus(join(stateRoot(), instance));
  if (status !== undefined && isAlive(status.supervisor)) return 0;
  const groups = (status?.components ?? []).flatMap((component) =>
    component.process !== undefined && groupIsAlive(component.process) ? [component.process] : [],
  );
  const marked = processesMarked(instance);
  if (groups.length === 0 && marked.length === 0) return 0;
  for (const group of groups) signalGroup(group.pid, 'SIGTERM');
  for (const pid of marked) end(pid, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (Date.now() < deadline && (groups.some(groupIsAlive) || processesMarked(instance).length > 0)) await sleep(100);
  for (const group of groups.filter(groupIsAlive)) signalGroup(group.pid, 'SIGKILL');
  for (const pid of processesMarked(instance)) end(pid, 'SIGKILL');
  return groups.length + marked.length;
}

/** Instances that nobody comes back to: a demo's, a test's and a benchmark's. */
const PASSING = /^(demo|test)-/;

/** Ends the leftovers of every instance, and deletes the state of demos, tests and benchmarks that were cut off. */
export async function cleanUpAfterKilledSupervisors(): Promise<string[]> {
  const cleaned: string[] = [];
  for (const instance of instances()) {
    const folder = join(stateRoot(), instance);
    const status = readStatus(folder);
    if (status === undefined || isAlive(status.supervisor)) continue;
    if ((await endLeftovers(instance)) > 0) cleaned.push(instance);
    if (PASSING.test(instance) && existsSync(folder)) removeState(instance);
  }
  return cleaned;
}

/** Deletes an instance's state, also what Postgres keeps elsewhere. Its processes must have ended. */
export function removeState(instance: string): void {
  for (const folder of postgresFolders(join(stateRoot(), instance))) rmSync(folder, { recursive: true, force: true });
  rmSync(join(stateRoot(), instance), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
