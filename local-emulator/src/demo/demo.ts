import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { loadContracts } from '@tributary/platform/contracts';
import { UserError } from '@tributary/platform/errors';
import type { SeedSummary } from '@tributary/seeder';
import { sayCleaned } from '../commands/lifecycle.ts';
import { paceOf, type SeedOptions, seedInto } from '../commands/seed.ts';
import { printComponents, startProgress } from '../commands/status.ts';
import { adaptersFrom } from '../instance/adapters.ts';
import { startInstance, stopInstance } from '../instance/control.ts';
import { environmentOf } from '../instance/environment.ts';
import { instanceFolder } from '../instance/folders.ts';
import { removeState } from '../instance/leftovers.ts';
import { ROOT } from '../instance/machine.ts';
import { readStatus } from '../supervisor/status-file.ts';
import { prepareToolchain } from '../toolchain/toolchain.ts';
import { createContext, type DemoContext } from './context.ts';
import { untilDrained, walPosition } from './drained.ts';
import { request } from './feature-client.ts';
import { type Reconciliation, reconcile } from './reconcile.ts';
import { printReport } from './report.ts';

export interface DemoOptions extends SeedOptions {
  readonly keep: boolean;
  /** Where the lake and the bus are; LAKE and BUS where left out. */
  readonly lake?: string;
  readonly bus?: string;
}

/**
 * The whole main job on a laptop: sets up, starts everything with a fresh state, seeds, waits until the last change is online, compares every layer, and
 * shows one customer's features as the server returns them.
 *
 * Exit status 0 only if every layer reconciles. Ends what it started in every case, unless `keep` is set.
 */
export async function demo(options: DemoOptions): Promise<void> {
  const began = Date.now();
  await checkInput(options);
  const adapters = adaptersFrom({
    ...process.env,
    ...(options.lake ? { LAKE: options.lake } : {}),
    ...(options.bus ? { BUS: options.bus } : {}),
  });
  await sayCleaned();
  const seconds = new Map<string, number>();
  const timed = async <T>(stage: string, work: () => Promise<T>): Promise<T> => {
    const start = Date.now();
    const result = await work();
    seconds.set(stage, (Date.now() - start) / 1000);
    return result;
  };
  const tools = await timed('set-up', () => prepareToolchain(ROOT, { cloudStandIns: adapters.lake === 'gcs' }));

  const instance = `demo-${new Date().toISOString().replace(/[-:]|\.\d+Z/g, '')}-${process.pid}`;
  const state = instanceFolder(instance);
  let interrupted = false;
  const stopOnSignal = (): void => {
    interrupted = true;
    process.stdout.write('\nStopping …\n');
    void stopInstance(instance).then(() => {
      removeState(instance);
      process.exit(130);
    });
  };
  process.once('SIGINT', stopOnSignal);
  process.once('SIGTERM', stopOnSignal);
  let succeeded = false;
  try {
    const progress = startProgress();
    await timed('start', async () => {
      await startInstance(instance, tools, { owned: !options.keep, adapters, onChange: progress.update });
    });
    progress.done();
    const context = createContext(environmentOf(state));
    const guard = failWithInstance(state);
    const result = await Promise.race([run(context, options, state, seconds, timed), guard.failed]);
    guard.stop();
    process.stdout.write('\nWhere to look\n');
    const status = readStatus(state);
    if (status !== undefined) printComponents(status);
    succeeded = result.problems.length === 0;
    process.stdout.write(`\nThe demo took ${Math.round((Date.now() - began) / 1000)} s. `);
    if (succeeded) {
      process.stdout.write('Every layer reconciles.\n');
    } else {
      process.stdout.write(`It does NOT reconcile:\n${result.problems.map((problem) => `  ✖ ${problem}\n`).join('')}`);
      process.exitCode = 1;
    }
    if (options.keep)
      process.stdout.write('Everything is still running: npm run status, npm run logs; npm run down ends it.\n');
  } catch (error) {
    // What fails now fails because it is being stopped; the handler ends this process when that is done.
    if (interrupted) await new Promise(() => undefined);
    throw error;
  } finally {
    process.off('SIGINT', stopOnSignal);
    process.off('SIGTERM', stopOnSignal);
    if (!options.keep) {
      await stopInstance(instance);
      // What went wrong is in the logs; a demo that worked leaves nothing.
      if (succeeded) removeState(instance);
      else process.stdout.write(`The logs of this run are kept in ${join(state, 'logs')} until the next one.\n`);
    }
  }
}

async function run(
  context: DemoContext,
  input: SeedOptions,
  state: string,
  seconds: Map<string, number>,
  timed: <T>(stage: string, work: () => Promise<T>) => Promise<T>,
): Promise<Reconciliation> {
  await context.bus.begin();
  const seeded: SeedSummary = await timed('seed', () => seedInto(context.env, input, join(state, 'rejects.ndjson')));
  const position = await walPosition(context);
  let shown = '';
  const drained = await untilDrained(context, position, (stage, missing) => {
    const line = `${stage}: ${missing}`;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K  waiting for ${line.slice(0, 110)}`);
    else if (stage !== shown) process.stdout.write(`  waiting for ${line}\n`);
    shown = stage;
  });
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  for (const [stage, value] of drained.secondsByStage) seconds.set(stage, value);
  await context.bus.end();
  const result = await timed('comparison', () => reconcile(context, [...loadContracts().keys()], drained));
  printReport(seeded, drained, result, seconds);
  if (result.sampleCustomer !== undefined) await showCustomer(context, Number(result.sampleCustomer));
  return result;
}

/** One customer's features, asked for as a model would. */
async function showCustomer(context: DemoContext, customer: number): Promise<void> {
  const features = [
    'customer_features:orders_count',
    'customer_features:gross_revenue',
    'customer_features:net_revenue',
    'customer_features:recency_days',
    'customer_features:last_country',
    'customer_activity:events_24h',
    'customer_activity:spend_24h',
  ];
  const body = { features, entities: { customer_id: [customer] } };
  const response = await request(context.featureServer, body);
  process.stdout.write(
    `\nOne customer, as the feature server answers\n  curl -s ${context.featureServer}/get-online-features -H 'content-type: application/json' -d '${JSON.stringify(body)}'\n`,
  );
  response.metadata.feature_names.forEach((name, index) => {
    process.stdout.write(`    ${name.padEnd(16)} ${JSON.stringify(response.results[index]?.values[0] ?? null)}\n`);
  });
}

/** Rejects as soon as the supervisor gives up or is gone, so that nothing is waited for that will not come. */
function failWithInstance(state: string): { failed: Promise<never>; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const status = readStatus(state);
      if (status?.state === 'failed') reject(new UserError('INSTANCE_FAILED', status.failure ?? 'the instance failed'));
    }, 500);
  });
  failed.catch(() => undefined);
  return { failed, stop: () => clearInterval(timer) };
}

/** Finds what is wrong with the options before anything is started for them. */
async function checkInput(options: DemoOptions): Promise<void> {
  paceOf(options);
  if (options.input === undefined) return;
  try {
    await access(options.input, constants.R_OK);
  } catch {
    throw new UserError(
      'INPUT_MISSING',
      `--input ${options.input}: there is no such file or folder, or it cannot be read. Relative paths start at ${process.cwd()}.`,
    );
  }
}
