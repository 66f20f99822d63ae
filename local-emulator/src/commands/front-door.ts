import { UserError } from '@tributary/platform/errors';
import type { Door } from '../front-door/door.ts';
import { startHosting } from '../front-door/hosting.ts';
import { runningInstance } from '../front-door/instance.ts';

/** Opens the front door of the running instance and keeps it open until Ctrl-C, or until the instance stops. front-door/README.md */
export async function frontDoor(options: { port?: string }): Promise<void> {
  const { ports, ...behind } = runningInstance();
  const adminApi = ports['cloud-run-jobs'];
  if (adminApi === undefined)
    throw new UserError('NOTHING_RUNNING', `Instance "${behind.instance}" has no Cloud Run Admin API to ask.`);
  const door = await startHosting(behind, `127.0.0.1:${adminApi}`, portOf(options.port));
  await keepOpen(door, `the front door of "${behind.instance}", as Firebase Hosting serves it`);
}

/** The number of a `--port`; undefined picks one. */
export function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UserError('INVALID_PORT', `--port is "${text}"; give a number from 1 to 65535.`);
  return port;
}

/** Says where a door is, and closes it on a signal. */
export async function keepOpen(door: Door, what: string): Promise<void> {
  process.stdout.write(`${door.url}   ${what}. Ctrl-C closes it.\n`);
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      asked = true;
      void door.stop();
    });
  }
  await door.ended;
  await door.stop();
  if (!asked) throw new UserError('DOOR_CLOSED', 'It was closed from outside, as "npm run down" does.');
}
