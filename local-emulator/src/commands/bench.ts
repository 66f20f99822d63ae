import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../instance/machine.ts';
import { prepareToolchain } from '../toolchain/toolchain.ts';
import { sayCleaned } from './lifecycle.ts';

/**
 * Sets up what the benchmarks run on and hands over to bench/, which knows its own arguments. A process of its own: bench uses the emulator's components,
 * so the emulator does not use bench.
 */
export async function bench(args: readonly string[]): Promise<void> {
  await sayCleaned();
  const tools = await prepareToolchain(ROOT, {
    only: new Set(['python', 'kafka', 'minio', 'pipeline', 'debezium-engine']),
  });
  const child = execa(tools.node, [join(ROOT, 'bench', 'src', 'main.ts'), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    reject: false,
  });
  // Ctrl-C reaches the whole group and bench stops what it started; this waits for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const result = await child;
  process.exitCode = result.exitCode ?? 1;
}
