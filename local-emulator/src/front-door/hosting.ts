import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { ROOT } from '../instance/machine.ts';
import { ensureNodeTool } from '../toolchain/node-tool.ts';
import { type Door, startDoor } from './door.ts';
import type { Behind } from './instance.ts';

/** A project id that Firebase's tools take for no real one: nothing is asked of Google, and nobody has to log in. */
const PROJECT = 'demo-tributary';
/** Where Firebase's own documentation has its hosting emulator. */
const USUAL_PORT = 5000;

const FRONT_DOOR = join(ROOT, 'front-door');

/**
 * Starts Firebase's hosting emulator with our firebase.json in front of an instance.
 *
 * It reads the ports of its emulators from firebase.json only, so it gets a copy with free ones; the pages are a link to ours and follow edits. Its settings and
 * logins are kept apart from the user's.
 *
 * @param adminApi `host:port` of the instance's stand-in for the Cloud Run Admin API, which tells where services listen
 * @throws {UserError} DOOR_FAILED, SETUP_FAILED
 */
export async function startHosting({ instance, state }: Behind, adminApi: string, port?: number): Promise<Door> {
  const tool = await ensureNodeTool(ROOT, 'front-door/tool');
  const folder = join(state, 'front-door');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(FRONT_DOOR, 'public'), join(folder, 'public'));
  const hosting = port ?? (await getPort({ host: '127.0.0.1', port: USUAL_PORT }));
  const free = async (): Promise<number> => await getPort({ host: '127.0.0.1', exclude: [hosting] });
  const [hub, logging] = [await free(), await free()];
  const at = (number: number): object => ({ host: '127.0.0.1', port: number });
  const config = {
    ...JSON.parse(readFileSync(join(FRONT_DOOR, 'firebase.json'), 'utf8')),
    emulators: { hosting: at(hosting), hub: at(hub), logging: at(logging), ui: { enabled: false } },
  };
  writeFileSync(join(folder, 'firebase.json'), JSON.stringify(config, null, 2));
  return await startDoor({
    name: "Firebase's hosting emulator",
    instance,
    node: process.execPath,
    args: [
      join(tool, 'firebase-tools', 'lib', 'bin', 'firebase.js'),
      'emulators:start',
      '--only=hosting',
      `--project=${PROJECT}`,
    ],
    cwd: folder,
    env: {
      CLOUD_RUN_API_URL: `http://${adminApi}`,
      XDG_CONFIG_HOME: join(folder, 'config'),
      CI: 'true',
      NO_UPDATE_NOTIFIER: 'true',
      NODE_OPTIONS: '',
      NODE_NO_WARNINGS: '1',
    },
    log: join(state, 'logs', 'front-door.log'),
    url: `http://127.0.0.1:${hosting}`,
  });
}
