import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { type Door, startDoor } from '../front-door/door.ts';
import type { Behind } from '../front-door/instance.ts';
import { ROOT } from '../instance/machine.ts';
import { ensureNodeTool } from '../toolchain/node-tool.ts';

/** Where serverless-offline usually listens. */
const USUAL_PORT = 3000;

const GATEWAY = join(ROOT, 'front-door', 'gateway');

/**
 * Starts serverless-offline with our gateway in front of an instance.
 *
 * It looks for its plugin and its handler beside serverless.yml, so it gets a folder that has all three.
 *
 * @throws {UserError} DOOR_FAILED, SETUP_FAILED
 */
export async function startGateway({ instance, state }: Behind, port?: number): Promise<Door> {
  const tool = await ensureNodeTool(ROOT, 'front-door/gateway/tool');
  const folder = join(state, 'gateway');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Not a link: it would not be taken for a file.
  copyFileSync(join(GATEWAY, 'serverless.yml'), join(folder, 'serverless.yml'));
  symlinkSync(join(GATEWAY, 'handler.mjs'), join(folder, 'handler.mjs'));
  symlinkSync(tool, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'functions.json'), JSON.stringify(functions()));
  const http = port ?? (await getPort({ host: '127.0.0.1', port: USUAL_PORT }));
  const lambda = await getPort({ host: '127.0.0.1', exclude: [http] });
  return await startDoor({
    name: 'serverless-offline',
    instance,
    node: process.execPath,
    args: [join(tool, 'serverless', 'bin', 'serverless.js'), 'offline', 'start'],
    cwd: folder,
    env: {
      GATEWAY_STATE: state,
      GATEWAY_PORT: String(http),
      GATEWAY_LAMBDA_PORT: String(lambda),
      // It asks nobody for news and tells nobody of its use, and leaves the user's settings alone.
      ...{ SLS_NOTIFICATIONS_MODE: 'off', SLS_TELEMETRY_DISABLED: '1', SLS_TRACKING_DISABLED: '1' },
      ...{ XDG_CONFIG_HOME: join(folder, 'config'), HOME: folder, CI: 'true' },
      ...{ AWS_EC2_METADATA_DISABLED: 'true', NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
    },
    log: join(state, 'logs', 'gateway.log'),
    url: `http://127.0.0.1:${http}`,
  });
}

/** The name is a secret of this start: serverless-offline lets anybody who knows it invoke the function, on this port and on that for Lambda. */
function functions(): object {
  return {
    [`gateway-${randomBytes(16).toString('hex')}`]: { handler: 'handler.handler', events: [{ httpApi: '*' }] },
  };
}
