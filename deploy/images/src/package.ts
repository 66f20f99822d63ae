import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { CONTENTS, type Contents, type Deployable } from './contents.ts';
import { archiveOf } from './source/archive.ts';
import { sourcePackage } from './source/source-package.ts';
import { writeFiles } from './source/write.ts';

/** What `npm run package` made. */
export interface Packaged {
  readonly deployable: Deployable;
  /** What `gcloud run deploy --source` and `gcloud functions deploy --source` take. */
  readonly folder: string;
  /** The same as one file, named by its content: what Terraform's `function_sources` points at once it is in a bucket. */
  readonly archive: string;
  readonly sha256: string;
  readonly files: number;
  readonly bytes: number;
}

/** Where packages go when nobody says so: below the folder that git ignores. */
export const PACKAGES = '.tributary/packages';

/** Deployables that Google's Node.js buildpack can build. */
export function fromSource(): Deployable[] {
  return (Object.keys(CONTENTS) as Deployable[]).filter((name) => (CONTENTS[name] as Contents).runtime === undefined);
}

/**
 * Writes a deployable's source package to `<out>/<deployable>` and, as a zip file, to `<out>/<deployable>-<hash>.zip`. The same working tree gives the
 * same bytes and names.
 *
 * @throws {UserError} NOT_FROM_SOURCE for one that needs Java or Python, and what sourcePackage throws
 */
export function writePackage(root: string, deployable: Deployable, out: string = join(root, PACKAGES)): Packaged {
  const { runtime }: Contents = CONTENTS[deployable];
  if (runtime !== undefined)
    throw new UserError(
      'NOT_FROM_SOURCE',
      `${deployable} needs ${runtime}, which the Node.js buildpack does not bring; build its Dockerfile instead. From source go ${fromSource().join(', ')}.`,
    );
  const { manifests, sources } = sourcePackage(root, deployable);
  const { bytes, sha256 } = archiveOf(manifests, sources);
  const folder = resolve(out, deployable);
  const archive = resolve(out, `${deployable}-${sha256.slice(0, 16)}.zip`);
  mkdirSync(out, { recursive: true });
  writeFiles(folder, manifests, sources);
  writeFileSync(archive, bytes);
  return { deployable, folder, archive, sha256, files: manifests.size + sources.size, bytes: bytes.length };
}
