import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { GENERATED_FOLDERS } from './artifacts.ts';

/** A generated file that is not what the contracts make of it. */
export interface StaleFile {
  readonly path: string;
  readonly state: 'missing' | 'changed' | 'left over';
}

/** What differs between the artifacts and the files under `root`, by path. */
export async function staleFiles(root: URL, artifacts: ReadonlyMap<string, string>): Promise<StaleFile[]> {
  const stale: StaleFile[] = [];
  for (const [path, content] of artifacts) {
    const found = await readIfThere(new URL(path, root));
    if (found !== content) stale.push({ path, state: found === undefined ? 'missing' : 'changed' });
  }
  for (const folder of GENERATED_FOLDERS) {
    for (const path of await filesUnder(root, folder)) {
      if (!artifacts.has(path)) stale.push({ path, state: 'left over' });
    }
  }
  return stale.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Makes the files what the artifacts say; files that are right are not touched. Returns what was stale. */
export async function writeGenerated(root: URL, artifacts: ReadonlyMap<string, string>): Promise<StaleFile[]> {
  const stale = await staleFiles(root, artifacts);
  for (const { path } of stale) {
    const file = new URL(path, root);
    const content = artifacts.get(path);
    if (content === undefined) {
      await rm(file);
    } else {
      await mkdir(new URL('.', file), { recursive: true });
      // Renamed into place: whoever follows the contracts while this runs never reads half a file.
      const unfinished = new URL(`${file.href}.${process.pid}`);
      await writeFile(unfinished, content);
      await rename(unfinished, file);
    }
  }
  return stale;
}

async function readIfThere(file: URL): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function filesUnder(root: URL, folder: string): Promise<string[]> {
  try {
    const entries = await readdir(new URL(`${folder}/`, root), { recursive: true, withFileTypes: true });
    const base = new URL(`${folder}/`, root).pathname;
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => `${folder}/${`${entry.parentPath}/${entry.name}`.replaceAll('//', '/').slice(base.length)}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
