import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@tributary/platform/errors';
import { INSTANCE_VARIABLE, signalGroup } from '../supervisor/identity.ts';

/** A server in front of a running instance, in a process of its own. */
export interface Door {
  readonly url: string;
  /** Resolves once its process is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it and everything it started. */
  stop(): Promise<void>;
}

export interface DoorProcess {
  readonly name: string;
  /** The instance that it belongs to: when that stops, the door is ended with it. */
  readonly instance: string;
  readonly node: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  readonly url: string;
}

/** Generous: a few hundred modules are read from a cold disk by two busy cores. */
const START_LIMIT_MS = 120_000;
/** They hold nothing; what they wait for is browsers that keep connections open. */
const STOP_GRACE_MS = 3_000;
const POLL_MS = 100;
const SHOWN_BYTES = 2_000;

/**
 * Starts the server and waits until it answers.
 *
 * @throws {UserError} DOOR_FAILED with the end of its log, when it ends or does not answer within two minutes; it does not run then
 */
export async function startDoor(spec: DoorProcess): Promise<Door> {
  mkdirSync(dirname(spec.log), { recursive: true });
  const log = openSync(spec.log, 'w');
  const child = spawn(spec.node, spec.args, {
    cwd: spec.cwd,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...spec.env, [INSTANCE_VARIABLE]: spec.instance },
  });
  closeSync(log);
  const ended = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  );
  const stop = (): Promise<void> => endGroup(child, ended);
  try {
    await answers(child, spec);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: spec.url, ended, stop };
}

async function answers(child: ChildProcess, { name, url, log }: DoorProcess): Promise<void> {
  const failed = (what: string): UserError =>
    new UserError(
      'DOOR_FAILED',
      `${name} ${what}. The end of ${log}:\n${readFileSync(log, 'utf8').slice(-SHOWN_BYTES).trimEnd()}`,
    );
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    if (hasEnded(child)) throw failed(`ended (${child.exitCode ?? child.signalCode ?? 'it could not be started'})`);
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    await response?.body?.cancel();
    if (response) return;
  }
  throw failed(`did not answer within ${START_LIMIT_MS / 1_000} s`);
}

async function endGroup(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return;
  if (!hasEnded(child)) {
    signalGroup(child.pid, 'SIGTERM');
    await Promise.race([ended, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
  }
  // Also where the leader has ended: its children are not to outlive it.
  signalGroup(child.pid, 'SIGKILL');
  if (!hasEnded(child)) await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
