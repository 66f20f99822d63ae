import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@tributary/platform/log';
import { groupIsAlive, type ProcessIdentity, signalGroup, startTimeOf } from '../supervisor/identity.ts';
import type { ExecutionEnd, ExecutionRecord } from './execution.ts';
import { processesOfExecution } from './orphans.ts';
import type { ExecutionStore } from './store.ts';

/** A job as JOBS declares it. */
export interface JobDefinition {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface RunOverrides {
  /** Appended to the command. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
}

/** Cloud Run gives a task that long between SIGTERM and SIGKILL. https://cloud.google.com/run/docs/container-contract#task-shutdown */
const GRACE_MS = 10_000;
const POLL_MS = 100;

/** Own settings that are none of a job's business. */
const NOT_INHERITED = ['PORT', 'HOST', 'JOBS', 'LOG_DIR', 'STATE_DIR'];

/**
 * Runs executions as child processes.
 *
 * recorded → process started → its identity recorded → exit (or timeout, or cancelled) → end recorded. Each child leads a process group, so that what it
 * starts ends with it. When this process is killed its children go on; the next one ends them first (`endOrphans`), because nobody would record their end.
 */
export class Runner {
  readonly #store: ExecutionStore;
  readonly #log: Logger;
  readonly #children = new Map<string, { readonly child: ChildProcess; readonly ended: Promise<void> }>();
  /** Executions that were told to end, and why. */
  readonly #stopped = new Map<string, { readonly end: ExecutionEnd; readonly why: string }>();

  constructor(store: ExecutionStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /**
   * Ends what a killed predecessor left running and reports it as failed. To be called before anything is run.
   *
   * @returns how many executions were cut off.
   */
  async endOrphans(): Promise<number> {
    const open = this.#store.open();
    for (const record of open) {
      // Killed after starting the process and before recording it, the predecessor left no identity; the environment of the process still tells.
      const groups = [...(record.process ? [record.process] : []), ...processesOfExecution(record.id)];
      for (const group of groups) if (groupIsAlive(group)) signalGroup(group.pid, 'SIGKILL');
      await this.#untilGone(groups, GRACE_MS);
      this.#finish(record, 'failed', 'ended: the Cloud Run stand-in was restarted while it ran');
      this.#log.warn({ execution: record.id, processes: groups.length }, 'ended an execution that a restart cut off');
    }
    return open.length;
  }

  run(jobName: string, job: JobDefinition, overrides: RunOverrides): ExecutionRecord {
    const shortName = jobName.slice(jobName.lastIndexOf('/') + 1);
    const timeoutSeconds = overrides.timeoutSeconds ?? job.timeoutSeconds;
    const record: ExecutionRecord = {
      id: `${shortName}-${randomBytes(5).toString('hex')}`,
      job: jobName,
      args: overrides.args,
      timeoutSeconds,
      createdAt: new Date().toISOString(),
    };
    this.#store.save(record);
    const child = this.#spawn(record, shortName, job, overrides);
    const started = child.pid === undefined ? undefined : identityOf(child.pid);
    const running = started ? { ...record, process: started } : record;
    if (started) this.#store.save(running);
    this.#children.set(record.id, { child, ended: this.#watch(running, child) });
    this.#log.info({ execution: record.id, pid: child.pid, log: this.#store.logFile(record.id) }, 'execution started');
    return running;
  }

  /** Asks an execution to end; resolves at once. Its record follows when it has. */
  cancel(id: string): void {
    this.#stop(id, 'cancelled', 'cancelled by request');
  }

  /** Ends all executions and waits until they have, at most the grace time and a little more. */
  async close(): Promise<void> {
    for (const id of this.#children.keys()) this.#stop(id, 'failed', 'ended: the Cloud Run stand-in was stopped');
    const all = Promise.all([...this.#children.values()].map(({ ended }) => ended));
    await Promise.race([all, delay(GRACE_MS + 3_000, undefined, { ref: false })]);
  }

  #spawn(record: ExecutionRecord, shortName: string, job: JobDefinition, overrides: RunOverrides): ChildProcess {
    const [program, ...args] = job.command;
    const inherited = { ...process.env };
    for (const name of NOT_INHERITED) delete inherited[name];
    const log = openSync(this.#store.logFile(record.id), 'a');
    try {
      return spawn(program!, [...args, ...overrides.args], {
        detached: true,
        stdio: ['ignore', log, log],
        env: {
          ...inherited,
          ...job.env,
          ...overrides.env,
          // https://cloud.google.com/run/docs/container-contract#jobs-env-vars
          CLOUD_RUN_JOB: shortName,
          CLOUD_RUN_EXECUTION: record.id,
          CLOUD_RUN_TASK_INDEX: '0',
          CLOUD_RUN_TASK_COUNT: '1',
          CLOUD_RUN_TASK_ATTEMPT: '0',
        },
      });
    } finally {
      closeSync(log);
    }
  }

  async #watch(record: ExecutionRecord, child: ChildProcess): Promise<void> {
    const timeout = setTimeout(
      () => this.#stop(record.id, 'failed', `took longer than its timeout of ${record.timeoutSeconds} s`),
      record.timeoutSeconds * 1_000,
    );
    const exit = await new Promise<string | number>((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    });
    clearTimeout(timeout);
    // Whatever the leader started and did not wait for.
    if (record.process && groupIsAlive(record.process)) signalGroup(record.process.pid, 'SIGKILL');
    this.#children.delete(record.id);
    const stopped = this.#stopped.get(record.id);
    this.#stopped.delete(record.id);
    if (exit === 0) this.#finish(record, 'succeeded', 'exited with status 0');
    else if (stopped) this.#finish(record, stopped.end, stopped.why);
    else this.#finish(record, 'failed', typeof exit === 'number' ? `exited with status ${exit}` : `ended: ${exit}`);
  }

  #stop(id: string, end: ExecutionEnd, why: string): void {
    const child = this.#children.get(id)?.child;
    if (!child?.pid || this.#stopped.has(id)) return;
    this.#stopped.set(id, { end, why });
    const { pid } = child;
    signalGroup(pid, 'SIGTERM');
    const kill = setTimeout(() => {
      if (this.#children.has(id)) signalGroup(pid, 'SIGKILL');
    }, GRACE_MS);
    kill.unref();
  }

  #finish(record: ExecutionRecord, end: ExecutionEnd, message: string): void {
    this.#store.save({ ...record, end, message, completedAt: new Date().toISOString() });
    const log = this.#store.logFile(record.id);
    this.#log[end === 'succeeded' ? 'info' : 'warn']({ execution: record.id, end, log }, `execution ${message}`);
  }

  async #untilGone(groups: readonly ProcessIdentity[], limitMs: number): Promise<void> {
    for (let waited = 0; waited < limitMs && groups.some(groupIsAlive); waited += POLL_MS) await delay(POLL_MS);
  }
}

function identityOf(pid: number): ProcessIdentity | undefined {
  const startedAt = startTimeOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}
