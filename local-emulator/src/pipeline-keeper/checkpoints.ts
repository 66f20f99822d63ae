import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The newest complete checkpoint below a folder, whichever job wrote it, or undefined where there is none. Flink writes `_metadata` last, so a
 * checkpoint that has it is complete. https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/state/checkpoints/#directory-structure
 */
export function newestCheckpoint(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  let newest: { path: string; time: number } | undefined;
  for (const job of readdirSync(folder)) {
    for (const entry of readdirSync(join(folder, job)).filter((name) => name.startsWith('chk-'))) {
      const path = join(folder, job, entry);
      const metadata = join(path, '_metadata');
      if (!existsSync(metadata)) continue;
      const time = statSync(metadata).mtimeMs;
      if (newest === undefined || time > newest.time) newest = { path, time };
    }
  }
  return newest?.path;
}
