import { dirname } from 'node:path/posix';
import { UserError } from '../../../../platform/src/errors/index.ts';
import type { Manifest, Workspace } from './workspaces.ts';

/** A package as package-lock.json has it. https://docs.npmjs.com/cli/configuring-npm/package-lock-json#packages */
interface LockedPackage extends Manifest {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export interface PackageLock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/**
 * The part of the repository's package-lock.json that some workspaces need to run, in a form that `npm ci` takes: the very versions and hashes, without
 * development dependencies. npm itself can cut a lock file too, but what it writes depends on npm's version, and a package is known by its content.
 *
 * @param top the root package.json that goes with it
 * @throws {UserError} LOCK_INCOMPLETE when the lock file lacks a package that is needed
 */
export function cutLock(lock: PackageLock, top: Manifest, workspaces: readonly Workspace[]): object {
  const kept = new Set<string>();
  const visit = (location: string, wanted: Manifest & Partial<LockedPackage>): void => {
    for (const [name, isOptional] of needs(wanted)) {
      const found = locate(lock, location, name);
      if (found === undefined) {
        if (isOptional) continue;
        throw new UserError(
          'LOCK_INCOMPLETE',
          `package-lock.json lacks ${name}, which ${location || 'the package'} needs; run "npm install" and commit it.`,
        );
      }
      if (kept.has(found)) continue;
      kept.add(found);
      // A link stands for a workspace, which is visited for itself.
      if (!lock.packages[found]!.link) visit(found, lock.packages[found]!);
    }
  };
  visit('', top);
  for (const { folder, manifest } of workspaces) visit(folder, manifest);
  for (const { name } of workspaces) kept.add(`node_modules/${name}`);
  const packages: Record<string, object> = { '': locked(top) };
  for (const { folder, manifest } of workspaces) packages[folder] = locked(manifest);
  for (const location of [...kept].sort()) packages[location] = lock.packages[location]!;
  return {
    name: top.name,
    version: top.version,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** What a package needs to run, and whether it runs without it. */
function needs(wanted: Manifest & Partial<LockedPackage>): Map<string, boolean> {
  const names = (record: Readonly<Record<string, string>> = {}): string[] => Object.keys(record);
  const needed = new Map<string, boolean>();
  for (const name of names(wanted.peerDependencies)) {
    // npm installs an optional peer only where something else needs it.
    if (!wanted.peerDependenciesMeta?.[name]?.optional) needed.set(name, false);
  }
  for (const name of names(wanted.dependencies)) needed.set(name, false);
  for (const name of names(wanted.optionalDependencies)) needed.set(name, true);
  return needed;
}

/** Where Node finds `name` from a package at `location`: in the nearest node_modules upwards. */
function locate(lock: PackageLock, location: string, name: string): string | undefined {
  for (let folder = location; ; folder = dirname(folder)) {
    const base = folder === '.' || folder === '' ? '' : `${folder}/`;
    if (!base.endsWith('node_modules/') && lock.packages[`${base}node_modules/${name}`])
      return `${base}node_modules/${name}`;
    if (base === '') return undefined;
  }
}

/** A package.json as the lock file repeats it. */
function locked({ name, version, license, dependencies, engines, workspaces }: Manifest): object {
  return { name, version, license, workspaces, dependencies, engines };
}
