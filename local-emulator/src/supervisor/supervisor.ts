import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tributary/platform/log';
import type { Component, Machine } from './component.ts';
import { groupIsAlive, INSTANCE_VARIABLE, processesMarked, signalGroup, startTimeOf } from './identity.ts';
import { type ComponentStatus, type InstanceStatus, writeStatus } from './status-file.ts';

/** Seconds to wait before the n-th restart in a row; the last value repeats. */
const RESTART_DELAYS_SECONDS = [0.2, 0.5, 1, 2, 5] as const;
/** A component that dies this often without ever being ready in between will not mend by itself. */
const MAX_RESTARTS_IN_A_ROW = 8;
const PROBE_INTERVAL_MS = 150;
/** One probe may not hang for ever on a half-open socket. */
const PROBE_TIMEOUT_MS = 5_000;
const KILL_GRACE_MS = 3_000;
/** Below this much free disk, writes of several components begin to fail in ways that are hard to read; better to stop in order. */
const MINIMUM_FREE_DISK_BYTES = 300 * 1024 * 1024;
const DISK_CHECK_INTERVAL_MS = 5_000;

interface Slot {
  readonly component: Component;
  readonly status: ComponentStatus;
  child?: ChildProcess;
  restartsInARow: number;
}

/**
 * Runs the components of one instance.
 *
 * Each component goes waiting → starting → ready; when its process ends unasked it goes restarting → starting → ready again, while the others keep
 * running and meet it as they would meet a restarted service in the cloud. It is *failed* only after MAX_RESTARTS_IN_A_ROW exits without having been
 * ready, and then the whole instance is failed and stops. A component is recorded in the status file before it is started, so that whatever ends this
 * process in between, the next start finds and ends what it left.
 */
export class Supervisor {
  readonly #machine: Machine;
  readonly #slots: Map<string, Slot>;
  readonly #log: Logger;
  readonly #status: InstanceStatus;
  #stopping = false;
  #diskTimer: NodeJS.Timeout | undefined;
  /** Resolves with the reason when the instance cannot go on. */
  readonly failed: Promise<string>;
  #fail!: (reason: string) => void;

  constructor(components: readonly Component[], machine: Machine, ports: Record<string, number>, log: Logger) {
    this.#machine = machine;
    this.#log = log;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.#slots = new Map(
      components.map((component) => [
        component.name,
        {
          component,
          restartsInARow: 0,
          status: { name: component.name, state: 'waiting', restarts: 0, since: now(), ...component.describe(machine) },
        },
      ]),
    );
    this.#status = {
      instance: machine.instance,
      supervisor: { pid: process.pid, startedAt: startTimeOf(process.pid) ?? '' },
      state: 'starting',
      ports,
      components: [...this.#slots.values()].map((slot) => slot.status),
    };
  }

  /** Starts everything in the order of needs, as parallel as that allows. Rejects when a component cannot be brought up. */
  async start(): Promise<void> {
    mkdirSync(join(this.#machine.state, 'logs'), { recursive: true });
    this.#publish();
    this.#diskTimer = setInterval(() => this.#checkDisk(), DISK_CHECK_INTERVAL_MS).unref();
    const brought = new Map<string, Promise<void>>();
    const bring = (name: string): Promise<void> => {
      let promise = brought.get(name);
      if (promise === undefined) {
        const slot = this.#slot(name);
        promise = Promise.all(slot.component.needs.map(bring)).then(() => this.#launch(slot));
        brought.set(name, promise);
      }
      return promise;
    };
    const all = Promise.all([...this.#slots.keys()].map(bring));
    const reason = await Promise.race([all.then(() => undefined), this.failed]);
    if (reason !== undefined) throw new Error(reason);
    // Told to stop meanwhile: what was still starting gave up, and nothing is ready.
    if (this.#stopping) return;
    this.#status.state = 'ready';
    this.#publish();
  }

  /** Stops everything, dependents first, and leaves no process of this instance behind. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    clearInterval(this.#diskTimer);
    if (this.#status.state !== 'failed') this.#status.state = 'stopping';
    this.#publish();
    const stopped = new Map<string, Promise<void>>();
    const halt = (name: string): Promise<void> => {
      let promise = stopped.get(name);
      if (promise === undefined) {
        const dependents = [...this.#slots.values()].filter((slot) => slot.component.needs.includes(name));
        promise = Promise.all(dependents.map((slot) => halt(slot.component.name))).then(() =>
          this.#halt(this.#slot(name)),
        );
        stopped.set(name, promise);
      }
      return promise;
    };
    await Promise.all([...this.#slots.keys()].map(halt));
    for (const pid of processesMarked(this.#machine.instance)) {
      if (pid === process.ppid) continue;
      this.#log.warn({ pid }, 'ending a process that outlived its component');
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    if (this.#status.state !== 'failed') this.#status.state = 'stopped';
    this.#publish();
  }

  /** Ends a component's whole group at once, as a crash would. Its restart follows by itself. */
  async kill(name: string): Promise<void> {
    const slot = this.#slot(name);
    const identity = slot.status.process;
    if (identity === undefined) throw new Error(`${name} does not run`);
    signalGroup(identity.pid, 'SIGKILL');
    await until(() => slot.status.state !== 'ready', KILL_GRACE_MS);
  }

  /** Resolves once a component is ready; rejects when that takes longer than `withinMs`. */
  async untilComponentReady(name: string, withinMs: number): Promise<void> {
    const slot = this.#slot(name);
    await until(() => slot.status.state === 'ready', withinMs);
    if (slot.status.state !== 'ready')
      throw new Error(`${name} is ${slot.status.state}, not ready, after ${withinMs / 1000} s`);
  }

  /** Records why the instance failed, for the commands that wait on the status file. */
  recordFailure(reason: string): void {
    this.#status.state = 'failed';
    this.#status.failure = reason;
    this.#publish();
  }

  async #launch(slot: Slot): Promise<void> {
    const { component, status } = slot;
    for (;;) {
      if (this.#stopping) return;
      const began = Date.now();
      this.#move(slot, 'starting');
      try {
        await component.prepare(this.#machine);
        if (this.#stopping) return;
        this.#spawn(slot);
        await this.#untilReady(slot, began);
        await component.furnish?.(this.#machine);
      } catch (error) {
        if (this.#stopping) return;
        const reason = error instanceof Error ? error.message : String(error);
        status.lastExit = reason;
        await this.#end(slot);
        slot.restartsInARow += 1;
        this.#log.warn({ name: component.name, reason, attempt: slot.restartsInARow }, 'component did not come up');
        if (slot.restartsInARow >= MAX_RESTARTS_IN_A_ROW) {
          this.#move(slot, 'failed');
          this.#fail(
            `${component.name} did not come up after ${slot.restartsInARow} attempts: ${reason}. Its log: ${this.#logFile(component.name)}`,
          );
          return;
        }
        this.#move(slot, 'restarting');
        await sleep(this.#delay(slot));
        continue;
      }
      if (this.#stopping) return;
      slot.restartsInARow = 0;
      status.startSeconds = (Date.now() - began) / 1000;
      this.#move(slot, 'ready');
      // It may have died between its last good probe and here.
      if (slot.child?.exitCode !== null || slot.child?.signalCode !== null) void this.#revive(slot);
      return;
    }
  }

  #spawn(slot: Slot): void {
    const { component, status } = slot;
    const spec = component.start(this.#machine);
    const log = openSync(this.#logFile(component.name), 'a');
    const child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd ?? this.#machine.root,
      env: { ...process.env, ...this.#machine.env(), ...spec.env, [INSTANCE_VARIABLE]: this.#machine.instance },
      stdio: ['ignore', log, log],
      detached: true,
      uid: spec.uid,
      gid: spec.gid,
    });
    closeSync(log);
    slot.child = child;
    child.on('error', (error) => {
      status.lastExit = `${spec.command} could not be started: ${error.message}`;
    });
    if (child.pid !== undefined) {
      status.process = { pid: child.pid, startedAt: startTimeOf(child.pid) ?? '' };
    }
    this.#publish();
    child.on('exit', (code, signal) => {
      status.lastExit = signal === null ? `exit status ${code}` : `signal ${signal}`;
      if (slot.child === child && status.state === 'ready') void this.#revive(slot);
    });
  }

  /** A component that was ready has died: say so, clean up its group, and bring it back. */
  async #revive(slot: Slot): Promise<void> {
    if (this.#stopping || slot.status.state !== 'ready') return;
    slot.status.restarts += 1;
    this.#move(slot, 'restarting');
    this.#log.warn({ name: slot.component.name, exit: slot.status.lastExit }, 'component died; restarting it');
    await this.#end(slot);
    await sleep(this.#delay(slot));
    await this.#launch(slot);
  }

  async #untilReady(slot: Slot, began: number): Promise<void> {
    const { component, status } = slot;
    const deadline = began + component.readyWithinSeconds * 1000;
    while (Date.now() < deadline) {
      if (this.#stopping) return;
      const child = slot.child;
      if (child === undefined || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
        await sleep(20);
        throw new Error(`its process ended before it was ready (${status.lastExit ?? 'no exit status'})`);
      }
      try {
        if (await withTimeout(component.ready(this.#machine), PROBE_TIMEOUT_MS)) return;
      } catch {
        // Not yet; the deadline decides.
      }
      await sleep(PROBE_INTERVAL_MS);
    }
    throw new Error(`it was not ready within ${component.readyWithinSeconds} s`);
  }

  async #halt(slot: Slot): Promise<void> {
    if (slot.child === undefined) return;
    this.#move(slot, 'stopping');
    await this.#end(slot);
    this.#move(slot, 'stopped');
  }

  /** Ends a component's whole process group: its stop signal first, SIGKILL once the grace is over. */
  async #end(slot: Slot): Promise<void> {
    const identity = slot.status.process;
    if (identity === undefined) return;
    const { signal, graceSeconds } = slot.component.stop;
    if (groupIsAlive(identity)) {
      // Only the leader gets the polite signal: it stops its own children in its own order.
      try {
        process.kill(identity.pid, signal);
      } catch {
        signalGroup(identity.pid, signal);
      }
      await until(() => !groupIsAlive(identity), graceSeconds * 1000);
    }
    if (groupIsAlive(identity)) {
      this.#log.warn({ name: slot.component.name }, 'did not stop in time; killing its process group');
      signalGroup(identity.pid, 'SIGKILL');
      await until(() => !groupIsAlive(identity), KILL_GRACE_MS);
    }
    delete slot.status.process;
  }

  #checkDisk(): void {
    const { bavail, bsize } = statfsSync(this.#machine.state);
    const free = bavail * bsize;
    if (free < MINIMUM_FREE_DISK_BYTES) {
      this.#fail(
        `the disk that holds ${this.#machine.state} is full (${Math.round(free / 1024 / 1024)} MB left). Free some space, or set TRIBUTARY_STATE_DIR to a folder on another disk.`,
      );
    }
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new Error(`no component named ${name}`);
    return slot;
  }

  #delay(slot: Slot): number {
    const index = Math.min(slot.restartsInARow, RESTART_DELAYS_SECONDS.length - 1);
    return (RESTART_DELAYS_SECONDS[index] ?? 1) * 1000;
  }

  #logFile(name: string): string {
    return join(this.#machine.state, 'logs', `${name}.log`);
  }

  #move(slot: Slot, state: ComponentStatus['state']): void {
    slot.status.state = state;
    slot.status.since = now();
    this.#log.info({ name: slot.component.name, state }, 'component');
    this.#publish();
  }

  #publish(): void {
    writeStatus(this.#machine.state, this.#status);
  }
}

function now(): string {
  return new Date().toISOString();
}

async function until(done: () => boolean, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!done() && Date.now() < deadline) await sleep(30);
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
