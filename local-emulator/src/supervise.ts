import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createLogger } from '@tributary/platform/log';
import { componentsFor } from './components/index.ts';
import { adaptersFrom } from './instance/adapters.ts';
import { rememberEnvironment } from './instance/environment.ts';
import { instanceFolder } from './instance/folders.ts';
import { createMachine } from './instance/machine.ts';
import { isAlive, type ProcessIdentity } from './supervisor/identity.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import type { Toolchain } from './toolchain/toolchain.ts';

/**
 * The supervisor's process: brings an instance up, keeps it up, and takes it down on SIGTERM or SIGINT, or when the process it belongs to is gone.
 * Started by `up` and `demo`; it talks to them through the status file alone.
 */
const OWNER_CHECK_MS = 500;

const { values } = parseArgs({
  options: { instance: { type: 'string' }, tools: { type: 'string' }, owner: { type: 'string' } },
});
const instance = values.instance ?? 'up';
const log = createLogger('supervisor');
const state = instanceFolder(instance);
const tools = JSON.parse(readFileSync(values.tools ?? '', 'utf8')) as Toolchain;
// The command that starts this process has put its choice into the environment.
const adapters = adaptersFrom(process.env);
const components = componentsFor(adapters);
const { machine, ports } = await createMachine(instance, state, components, tools, adapters);
rememberEnvironment(state, machine.env());
const supervisor = new Supervisor(components, machine, ports, log);

let ending = false;
const end = (status: number): void => {
  if (ending) return;
  ending = true;
  supervisor.stop().then(
    () => process.exit(status),
    (error) => {
      log.error({ err: error }, 'stopping failed');
      process.exit(1);
    },
  );
};
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(0));

if (values.owner !== undefined) {
  const owner = JSON.parse(values.owner) as ProcessIdentity;
  setInterval(() => {
    if (!isAlive(owner)) {
      log.warn({ owner: owner.pid }, 'the command that this instance belongs to is gone; stopping');
      end(0);
    }
  }, OWNER_CHECK_MS).unref();
}

void supervisor.failed.then((reason) => {
  log.error({ reason }, 'the instance cannot go on');
  supervisor.recordFailure(reason);
  end(1);
});
supervisor.start().catch(() => undefined);
// Children and timers are unreferenced or may all be gone at some moment; the instance lives until it is told to stop.
setInterval(() => undefined, 1 << 30);
