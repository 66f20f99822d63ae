import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@tributary/platform/log';

/** A program to run; its output goes where ours goes. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface PairOptions {
  /** Resolves when the second may start; rejects when it never will. The signal says that the first has ended. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Aborted when both are to end. */
  readonly stop: AbortSignal;
  readonly log: Logger;
  /** Milliseconds each has to end after SIGTERM. */
  readonly graceMs?: number;
}

/** Cloud Run kills an instance 10 s after SIGTERM; the two end one after the other. https://cloud.google.com/run/docs/container-contract#instance-shutdown */
const GRACE_MS = 4_500;

/**
 * Runs two programs that are of no use without each other, until one ends or both are told to.
 *
 * `first` starts first and ends last. When one ends, for whatever reason, the other is told to end as well: whoever watches this process then starts
 * both again, from what they stored.
 *
 * @returns whether they ended because they were told to; otherwise it was a failure.
 */
export async function runPair(
  first: Program,
  second: Program,
  { ready, stop, log, graceMs = GRACE_MS }: PairOptions,
): Promise<boolean> {
  const ended = new AbortController();
  const running: ChildProcess[] = [];
  const start = (program: Program): void => {
    const child = spawn(program.command, program.args, { env: program.env, stdio: ['ignore', 'inherit', 'inherit'] });
    running.push(child);
    child.once('error', (error) => {
      log.error({ program: program.name, err: error }, 'a program could not be started');
      ended.abort();
    });
    child.once('exit', (code, signal) => {
      if (!stop.aborted && !ended.signal.aborted)
        log.error({ program: program.name, code, signal }, 'a program ended; ending the other');
      ended.abort();
    });
  };
  const over = AbortSignal.any([stop, ended.signal]);
  start(first);
  try {
    await ready(over);
    if (!over.aborted) start(second);
    if (!over.aborted) await once(over, 'abort');
  } catch (error) {
    if (!over.aborted) log.error({ err: error }, `${first.name} did not get ready`);
  }
  for (const child of running.reverse()) await end(child, graceMs);
  return stop.aborted;
}

async function end(child: ChildProcess, graceMs: number): Promise<void> {
  const gone = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  if (gone()) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([exit, delay(graceMs, undefined, { ref: false })]);
  if (gone()) return;
  child.kill('SIGKILL');
  await exit;
}
