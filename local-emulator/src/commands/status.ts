import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateRoot } from '../instance/folders.ts';
import { runningInstances } from '../instance/leftovers.ts';
import { processGroupMembers } from '../supervisor/identity.ts';
import { type ComponentStatus, type InstanceStatus, readStatus } from '../supervisor/status-file.ts';
import { table } from './table.ts';

/** Shows every running instance. */
export async function status(options: { json: boolean }): Promise<void> {
  const running = runningInstances()
    .map((instance) => readStatus(join(stateRoot(), instance)))
    .filter((found) => found !== undefined);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(running, null, 2)}\n`);
    return;
  }
  if (running.length === 0) {
    process.stdout.write('Nothing is running. "npm run up" starts everything; "npm run demo" shows it at work.\n');
    return;
  }
  for (const instance of running) {
    process.stdout.write(`${instance.instance}: ${instance.state}\n`);
    printComponents(instance);
  }
}

/** Prints the components of an instance with where they are and how much memory they hold. */
export function printComponents(instance: InstanceStatus): void {
  const rows = instance.components.map((component) => [
    component.name,
    component.state,
    String(component.restarts || ''),
    component.process ? String(component.process.pid) : '',
    `${residentMegabytes(component)} MB`,
    component.url ?? '',
    component.summary,
  ]);
  process.stdout.write(table(['component', 'state', 'restarts', 'pid', 'memory', 'address', 'what'], rows));
  const total = instance.components.reduce((sum, component) => sum + residentMegabytes(component), 0);
  process.stdout.write(
    `resident in all: ${(total / 1024).toFixed(1)} GB · logs: ${join(stateRoot(), instance.instance, 'logs')}\n`,
  );
}

/** Progress of a start: one line that is rewritten on a terminal, one line a component elsewhere. */
export function startProgress(): { update(status: InstanceStatus): void; done(): void } {
  const told = new Set<string>();
  const began = Date.now();
  const seconds = (): string => `${((Date.now() - began) / 1000).toFixed(0)} s`;
  return {
    update(current) {
      const ready = current.components.filter((component) => component.state === 'ready');
      const waiting = current.components.filter(
        (component) => component.state === 'starting' || component.state === 'restarting',
      );
      if (process.stdout.isTTY) {
        process.stdout.write(
          `\r\x1b[KStarting: ${ready.length}/${current.components.length} ready, ${seconds()} · ${waiting
            .map((component) => component.name)
            .join(', ')
            .slice(0, 90)}`,
        );
        return;
      }
      for (const component of ready) {
        if (told.has(component.name)) continue;
        told.add(component.name);
        process.stdout.write(
          `  ready after ${seconds()}: ${component.name} (${ready.length}/${current.components.length})\n`,
        );
      }
    },
    done() {
      process.stdout.write(`${process.stdout.isTTY ? '\r\x1b[K' : ''}Everything is ready after ${seconds()}.\n`);
    },
  };
}

/** Resident memory of a component's process group; Linux only, elsewhere 0. */
function residentMegabytes(component: ComponentStatus): number {
  if (component.process === undefined || process.platform !== 'linux') return 0;
  let kilobytes = 0;
  for (const pid of processGroupMembers(component.process.pid)) {
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It ended in between, or belongs to another account.
    }
  }
  return Math.round(kilobytes / 1024);
}
