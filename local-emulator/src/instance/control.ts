import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@tributary/platform/errors';
import { isAlive, startTimeOf } from '../supervisor/identity.ts';
import { type InstanceStatus, readStatus } from '../supervisor/status-file.ts';
import type { Toolchain } from '../toolchain/toolchain.ts';
import { type Adapters, LAPTOP } from './adapters.ts';
import { instanceFolder, stateRoot } from './folders.ts';
import { endLeftovers } from './leftovers.ts';
import { ROOT } from './machine.ts';

/** Generous: a cold start of everything on two shared cores takes about a minute. */
const START_LIMIT_MS = 6 * 60_000;
const STOP_LIMIT_MS = 60_000;
const POLL_MS = 150;

/**
 * Starts an instance's supervisor as a process of its own and waits until every component is ready.
 *
 * @param options.adapters which lake and bus it has
 * @param options.owned the instance ends by itself when this process is gone
 * @param options.onChange called with each new status, for progress
 * @throws {UserError} START_FAILED with the component, the reason and its log
 */
export async function startInstance(
  instance: string,
  tools: Toolchain,
  options: { owned: boolean; adapters?: Adapters; onChange?: (status: InstanceStatus) => void },
): Promise<InstanceStatus> {
  const { adapters = LAPTOP } = options;
  const state = instanceFolder(instance);
  const old = readStatus(state);
  if (old !== undefined && isAlive(old.supervisor)) {
    throw new UserError(
      'ALREADY_RUNNING',
      `Instance "${instance}" is already running. "npm run status" shows it, "npm run down" stops it.`,
    );
  }
  await endLeftovers(instance);
  rmSync(join(state, 'status.json'), { force: true });
  const logs = join(state, 'logs');
  mkdirSync(logs, { recursive: true });
  const toolsFile = join(state, 'tools.json');
  writeFileSync(toolsFile, JSON.stringify(tools));
  const owner = JSON.stringify({ pid: process.pid, startedAt: startTimeOf(process.pid) });
  const log = openSync(join(logs, 'supervisor.log'), 'a');
  const program = join(ROOT, 'local-emulator', 'src', 'supervise.ts');
  const child = spawn(
    process.execPath,
    [program, '--instance', instance, '--tools', toolsFile, ...(options.owned ? ['--owner', owner] : [])],
    {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, LAKE: adapters.lake, BUS: adapters.bus, NODE_NO_WARNINGS: '1' },
    },
  );
  closeSync(log);
  child.unref();
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const status = readStatus(state);
    if (status !== undefined) options.onChange?.(status);
    if (status?.state === 'ready') return status;
    if (status?.state === 'failed')
      throw new UserError('START_FAILED', status.failure ?? `instance "${instance}" failed to start`);
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new UserError(
        'START_FAILED',
        `The supervisor of instance "${instance}" ended (${child.exitCode ?? child.signalCode}) before everything was ready. Its log: ${join(logs, 'supervisor.log')}`,
      );
    }
    if (Date.now() > deadline) {
      const late = status?.components
        .filter((component) => component.state !== 'ready')
        .map((component) => `${component.name} (${component.state})`);
      throw new UserError(
        'START_FAILED',
        `Not everything was ready within ${START_LIMIT_MS / 60_000} minutes: ${late?.join(', ')}. Logs: ${logs}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Stops an instance's supervisor and, should it be gone, what it left. Returns false where nothing ran. */
export async function stopInstance(instance: string): Promise<boolean> {
  const status = readStatus(join(stateRoot(), instance));
  if (status === undefined) return false;
  const { supervisor } = status;
  if (!isAlive(supervisor)) return (await endLeftovers(instance)) > 0;
  process.kill(supervisor.pid, 'SIGTERM');
  const deadline = Date.now() + STOP_LIMIT_MS;
  while (isAlive(supervisor)) {
    if (Date.now() > deadline) {
      process.kill(supervisor.pid, 'SIGKILL');
      await endLeftovers(instance);
      break;
    }
    await sleep(POLL_MS);
  }
  return true;
}

/** The log file of a component, or of the supervisor. */
export function logFile(instance: string, component: string): string {
  const file = join(stateRoot(), instance, 'logs', `${component}.log`);
  if (!existsSync(file))
    throw new UserError(
      'NO_LOG',
      `Instance "${instance}" has no log of "${component}"; "npm run status" lists its components.`,
    );
  return file;
}
