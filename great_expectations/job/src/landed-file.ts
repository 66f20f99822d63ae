import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lake } from '@tributary/platform/lake';
import { objectOf } from './request.ts';

/**
 * Lends `use` a copy of a landing object on this machine's disk, undefined where that generation of it is gone. The copy may hold clear PII: only this user can read it,
 * and it is deleted whatever happens.
 */
export async function withLandedFile<T>(
  lake: Lake,
  reference: string,
  use: (file: { path: string; name: string } | undefined) => Promise<T>,
): Promise<T> {
  const { bucket, name, generation } = objectOf(reference);
  const found = await lake.read(bucket, name);
  if (found?.object.generation !== generation) return use(undefined);
  const folder = mkdtempSync(join(tmpdir(), 'tributary-landing-'));
  // A job that is stopped ends without unwinding.
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  try {
    const path = join(folder, 'object');
    writeFileSync(path, found.body, { mode: 0o600 });
    return await use({ path, name });
  } finally {
    remove();
    process.off('exit', remove);
  }
}
