import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '@tributary/platform/errors';
import { readLock, readWorkingTree } from './artifacts/working-tree.ts';
import { deploy as runDeploy } from './deploy.ts';
import { readDeployables } from './deployables.ts';
import { destroy as runDestroy } from './destroy.ts';
import { createExec } from './exec.ts';
import { createGoogle } from './google.ts';
import { createLog, type DeployLog } from './log.ts';
import { parseDeploy, parseDestroy } from './options.ts';
import { placesOf } from './places.ts';
import { Tools } from './tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const write = (text: string): void => void process.stdout.write(text);

/** `npm run deploy -- …` @returns the exit status */
export async function deploy(args: readonly string[]): Promise<number> {
  const options = parseDeploy(args);
  if (options === undefined) return 0;
  const { log, tools } = begin(options.json, options.plan);
  return await guarded(log, async () =>
    runDeploy(options, {
      tools,
      log,
      google: createGoogle(),
      places: placesOf(options, ROOT),
      root: ROOT,
      deployables: readDeployables(ROOT),
      lock: readLock(ROOT),
      artifacts: () => readWorkingTree(ROOT, readDeployables(ROOT)),
      ask,
      fetch,
      now: () => new Date(),
    }),
  );
}

/** `npm run destroy -- …` @returns the exit status */
export async function destroy(args: readonly string[]): Promise<number> {
  const options = parseDestroy(args);
  if (options === undefined) return 0;
  const { log, tools } = begin(options.json, false);
  return await guarded(log, async () =>
    runDestroy(options, {
      tools,
      log,
      places: placesOf(options, ROOT),
      deployables: readDeployables(ROOT),
      google: createGoogle(),
      ask,
    }),
  );
}

function begin(json: boolean, readOnly: boolean): { log: DeployLog; tools: Tools } {
  const log = createLog({ json, write, now: () => new Date() });
  // With --json, what programs print would break the lines.
  const tools = new Tools(createExec(json ? () => {} : write), log, { readOnly });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      log.info(`\n${signal}: ending what runs now, then stopping …`);
      tools.interrupt();
    });
  }
  return { log, tools };
}

async function guarded(log: DeployLog, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    log.error(error.code, error.message);
    return 1;
  }
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
