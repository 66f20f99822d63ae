import { join } from 'node:path';
import { execa } from 'execa';

/**
 * Writes Feast's registry of this project's definitions, without which the feature server does not start. Feast itself writes it, and asks neither
 * BigQuery nor Redis.
 */
export async function writeFeastRegistry(
  root: string,
  pythonBin: string,
  file: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await execa(join(pythonBin, 'python'), [join(root, 'feast/apply.py')], {
    cwd: root,
    env: { ...settings, FEAST_REGISTRY: file, REDIS_ADDRESS: '127.0.0.1:1', RUN_ID: 'test' },
    stdin: 'ignore',
  });
}
