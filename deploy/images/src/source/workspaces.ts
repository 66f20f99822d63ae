import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
// By path, not by package name: the images' first stage runs this before anything is installed.
import { UserError } from '../../../../platform/src/errors/index.ts';

/** The members of a package.json that packaging reads or writes. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly main?: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A package of ours. */
export interface Workspace {
  /** Its folder, from the repository's root. */
  readonly folder: string;
  readonly name: string;
  readonly manifest: Manifest;
}

/** The workspaces that the root's package.json declares, by package name. */
export function readWorkspaces(root: string): ReadonlyMap<string, Workspace> {
  const { workspaces = [] } = readManifest(root);
  const folders = workspaces.flatMap((pattern) =>
    pattern.endsWith('/*')
      ? readdirSync(join(root, pattern.slice(0, -2)), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => `${pattern.slice(0, -1)}${entry.name}`)
          .sort()
      : [pattern],
  );
  return new Map(
    folders.map((folder) => {
      const manifest = readManifest(join(root, folder));
      const name = manifest.name ?? folder;
      return [name, { folder, name, manifest }];
    }),
  );
}

/**
 * A workspace and all workspaces that it needs to run, by folder.
 *
 * @throws {UserError} NO_SUCH_WORKSPACE
 */
export function closureOf(folder: string, workspaces: ReadonlyMap<string, Workspace>): Workspace[] {
  const first = [...workspaces.values()].find((workspace) => workspace.folder === folder);
  if (!first)
    throw new UserError(
      'NO_SUCH_WORKSPACE',
      `${folder} is no workspace of the root's package.json; mend deploy/images/src/contents.ts.`,
    );
  const found = new Map([[first.name, first]]);
  // A map is iterated over what is added meanwhile, too.
  for (const { manifest } of found.values()) {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const other = workspaces.get(name);
      if (other) found.set(name, other);
    }
  }
  return [...found.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
