import { resolve } from 'node:path';
import { deployableOf, fromSource, type Packaged, writePackage } from '@tributary/images';
import { ROOT } from '../instance/machine.ts';
import { table } from './table.ts';

/**
 * Writes source packages, as buildpacks and Cloud Functions take them.
 *
 * @param name a deployable, or nothing for all that are deployed from source
 */
export function packageSources(name: string | undefined, options: { out?: string; json: boolean }): void {
  const names = name === undefined ? fromSource() : [deployableOf(name)];
  const out = options.out === undefined ? undefined : resolve(process.env.INIT_CWD ?? process.cwd(), options.out);
  const packages = names.map((deployable) => writePackage(ROOT, deployable, out));
  process.stdout.write(options.json ? `${JSON.stringify(packages, null, 2)}\n` : `${shown(packages)}\n`);
}

function shown(packages: readonly Packaged[]): string {
  return table(
    ['deployable', 'files', 'KB zipped', 'folder', 'archive'],
    packages.map(({ deployable, files, bytes, folder, archive }) => [
      deployable,
      String(files),
      String(Math.round(bytes / 1024)),
      folder,
      archive,
    ]),
  );
}
