import { UserError } from '@tributary/platform/errors';
import { adaptersFrom } from '../instance/adapters.ts';
import { startInstance, stopInstance } from '../instance/control.ts';
import { instances, stateRoot } from '../instance/folders.ts';
import { cleanUpAfterKilledSupervisors, removeState, runningInstances } from '../instance/leftovers.ts';
import { ROOT } from '../instance/machine.ts';
import { prepareToolchain } from '../toolchain/toolchain.ts';
import { printComponents, startProgress } from './status.ts';

/** The instance whose state survives restarts. */
export const LASTING_INSTANCE = 'up';

/** Fetches and builds everything. */
export async function setup(): Promise<void> {
  await prepareToolchain(ROOT);
}

/** Starts the lasting instance and returns once everything is ready. */
export async function up(): Promise<void> {
  if (adaptersFrom(process.env).lake === 'gcs') {
    throw new UserError(
      'CONFIG_INVALID',
      'The stand-ins of Cloud Storage and Pub/Sub keep nothing when they stop, and this instance lasts. "npm run demo -- --lake gcs --bus pubsub --keep" leaves one running.',
    );
  }
  await sayCleaned();
  const tools = await prepareToolchain(ROOT);
  const progress = startProgress();
  const stopOnSignal = (): void => {
    process.stdout.write('\nStopping …\n');
    void stopInstance(LASTING_INSTANCE).then(() => process.exit(130));
  };
  process.once('SIGINT', stopOnSignal);
  const status = await startInstance(LASTING_INSTANCE, tools, { owned: false, onChange: progress.update });
  process.off('SIGINT', stopOnSignal);
  progress.done();
  printComponents(status);
  process.stdout.write(
    '\nnpm run seed      writes the mock events to its database\nnpm run logs      shows what is going on\nnpm run down      stops it; npm run reset also deletes its state\n',
  );
}

/** Stops every instance of this user. */
export async function down(): Promise<void> {
  let stopped = 0;
  for (const instance of instances()) {
    if (!(await stopInstance(instance))) continue;
    stopped += 1;
    process.stdout.write(`stopped ${instance}\n`);
    if (instance.startsWith('demo-')) removeState(instance);
  }
  if (stopped === 0) process.stdout.write('Nothing was running.\n');
}

/** Stops everything and deletes all state. */
export async function reset(): Promise<void> {
  await down();
  for (const instance of instances()) removeState(instance);
  process.stdout.write(`deleted the state in ${stateRoot()}\n`);
}

/** Ends what killed supervisors left, and says so. */
export async function sayCleaned(): Promise<void> {
  for (const instance of await cleanUpAfterKilledSupervisors())
    process.stdout.write(`Ended processes that an interrupted run (${instance}) had left behind.\n`);
}

/** The instance that commands without a name mean: the lasting one where it runs, else the only or newest one that does. */
export function currentInstance(): string | undefined {
  const running = runningInstances();
  return running.includes(LASTING_INSTANCE) ? LASTING_INSTANCE : running.at(-1);
}
