import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '@tributary/platform/log';
import type { Component, Machine } from './component.ts';
import { isAlive, processesMarked } from './identity.ts';
import { readStatus } from './status-file.ts';
import { Supervisor } from './supervisor.ts';

const states: string[] = [];
const running: Supervisor[] = [];

afterEach(async () => {
  for (const supervisor of running.splice(0)) await supervisor.stop();
  for (const state of states.splice(0)) {
    expect(processesMarked(state)).toEqual([]);
    rmSync(state, { recursive: true });
  }
});

/** A component that is a small real process: it runs `script` in Node. */
function component(name: string, script: string, more: Partial<Component> = {}): Component {
  return {
    name,
    needs: [],
    ports: [],
    stop: { signal: 'SIGTERM', graceSeconds: 2 },
    readyWithinSeconds: 5,
    async prepare() {},
    start: () => ({ command: process.execPath, args: ['-e', script], env: { NODE_OPTIONS: '' } }),
    ready: async () => true,
    describe: () => ({ summary: name }),
    ...more,
  };
}

function supervise(...components: Component[]): { supervisor: Supervisor; state: string; pidOf(name: string): number } {
  const state = mkdtempSync(join(tmpdir(), 'supervisor-'));
  states.push(state);
  const machine = { instance: state, root: state, state, env: () => ({}) } as unknown as Machine;
  const supervisor = new Supervisor(components, machine, {}, createLogger('test', { level: 'silent' }));
  running.push(supervisor);
  const pidOf = (name: string): number =>
    readStatus(state)?.components.find((each) => each.name === name)?.process?.pid ?? 0;
  return { supervisor, state, pidOf };
}

const STAY = 'setInterval(() => {}, 1000)';

test('a component that dies is restarted, and the others stay', async () => {
  const { supervisor, pidOf, state } = supervise(component('mortal', STAY), component('bystander', STAY));
  await supervisor.start();
  const [mortal, bystander] = [pidOf('mortal'), pidOf('bystander')];
  await supervisor.kill('mortal');
  await supervisor.untilComponentReady('mortal', 5_000);
  expect(pidOf('mortal')).not.toBe(mortal);
  expect(pidOf('bystander')).toBe(bystander);
  expect(readStatus(state)?.components.find(({ name }) => name === 'mortal')).toMatchObject({
    restarts: 1,
    lastExit: 'signal SIGKILL',
  });
});

test('what a component needs is ready before it starts, and stops after it', async () => {
  const order: string[] = [];
  const noted = (name: string, needs: string[]): Component =>
    component(name, STAY, {
      needs,
      async prepare() {
        order.push(`start ${name}`);
      },
      async furnish() {
        order.push(`ready ${name}`);
      },
    });
  const { supervisor } = supervise(noted('service', ['database']), noted('database', []));
  await supervisor.start();
  expect(order).toEqual(['start database', 'ready database', 'start service', 'ready service']);
});

test('stopping ends a component that ignores its signal, and the children it left', async () => {
  const stubborn = `process.on('SIGTERM', () => {}); require('node:child_process').spawn(process.execPath, ['-e', '${STAY}'], { detached: true, stdio: 'ignore' }).unref(); ${STAY}`;
  const { supervisor, state } = supervise(
    component('stubborn', stubborn, { stop: { signal: 'SIGTERM', graceSeconds: 0.5 } }),
  );
  await supervisor.start();
  while (processesMarked(state).length < 2) await sleep(50);
  await supervisor.stop();
  expect(processesMarked(state)).toEqual([]);
});

test('a component that never comes up fails the instance, naming it, the reason and its log', async () => {
  const { supervisor, state } = supervise(component('broken', 'process.exit(3)', { ready: async () => false }));
  await expect(supervisor.start()).rejects.toThrow(
    /^broken did not come up after 8 attempts: its process ended before it was ready \(exit status 3\).*broken\.log$/,
  );
  expect(readStatus(state)?.components[0]?.state).toBe('failed');
}, 60_000);

test('a recorded process is not taken for another that got its number', () => {
  expect(isAlive({ pid: process.pid, startedAt: 'some other time' })).toBe(false);
});
