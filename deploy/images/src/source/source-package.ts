import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path/posix';
import { UserError } from '../../../../platform/src/errors/index.ts';
import { CONTENTS, type Contents, type Deployable, NEVER_READ } from '../contents.ts';
import { cutLock, type PackageLock } from './lock.ts';
import { moduleGraph } from './module-graph.ts';
import { closureOf, type Manifest, readManifest, readWorkspaces, type Workspace } from './workspaces.ts';

/** Contents by path, from the package's root. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A deployable as a folder that `npm ci` makes runnable. */
export interface SourcePackage {
  readonly deployable: Deployable;
  readonly contents: Contents;
  /** package.json of the root and of each workspace, and the lock file: what is installed depends on these alone. */
  readonly manifests: Files;
  /** Modules, and files that they read. */
  readonly sources: Files;
}

/** Versions of Node that the buildpack and the functions' runtime take; patches come by themselves. https://cloud.google.com/docs/buildpacks/nodejs */
const NODE_ENGINE = '24.x';
const FUNCTIONS_FRAMEWORK = '@google-cloud/functions-framework';

/** Never part of a package, wherever it lies. */
const LEFT_OUT = /(^|\/)(__pycache__|node_modules|testing)\/|\.(i?test)\.ts$|\.pyc$|(^|\/)\.DS_Store$/;

/**
 * The name of a deployable that we build.
 *
 * @throws {UserError} NO_SUCH_DEPLOYABLE
 */
export function deployableOf(name: string): Deployable {
  if (Object.hasOwn(CONTENTS, name)) return name as Deployable;
  throw new UserError(
    'NO_SUCH_DEPLOYABLE',
    `There is no deployable "${name}"; there are ${Object.keys(CONTENTS).join(', ')}.`,
  );
}

/**
 * Everything of this repository that a deployable needs to run, and nothing else: no tests, no development dependencies, no other workspaces. A pure
 * function of the working tree.
 *
 * @param root the repository's root
 * @throws {UserError} FILE_NOT_DECLARED when a module names a file that contents.ts does not; DEPENDENCY_NOT_DECLARED when one imports a package that no
 * package.json of its workspaces has; MODULE_MISSING, LOCK_INCOMPLETE
 */
export function sourcePackage(root: string, deployable: Deployable): SourcePackage {
  const contents: Contents = CONTENTS[deployable];
  const all = readWorkspaces(root);
  const workspaces = closureOf(contents.workspace, all).map(withoutDevelopment);
  const graph = moduleGraph(root, contents.entries, all);
  const files = contents.files.flatMap((path) => filesBelow(root, path));
  for (const [path, module] of graph.named) {
    const folder = path.endsWith('/') ? path : `${path}/`;
    const declared = [...files, ...graph.modules, ...(contents.built ?? [])].some(
      (file) => file === path || file.startsWith(folder),
    );
    if (!declared && !NEVER_READ.includes(path))
      throw new UserError(
        'FILE_NOT_DECLARED',
        `${module} names ${path}, which would not be in the package of ${deployable}: add it to its files in deploy/images/src/contents.ts, or to NEVER_READ.`,
      );
  }
  const known = new Set(workspaces.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {})));
  for (const name of graph.packages) {
    if (!known.has(name))
      throw new UserError(
        'DEPENDENCY_NOT_DECLARED',
        `${deployable} imports ${name}, which is in "dependencies" of none of ${workspaces.map(({ folder }) => folder).join(', ')}.`,
      );
  }
  const top = topManifest(root, deployable, contents, workspaces);
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as PackageLock;
  const manifests = new Map<string, Uint8Array>([
    ['package.json', json(top)],
    ['package-lock.json', json(cutLock(lock, top, workspaces))],
    ...workspaces.map(({ folder, manifest }) => [`${folder}/package.json`, json(manifest)] as const),
  ]);
  const paths = [...new Set([...graph.modules, ...files])].sort();
  const sources = new Map(paths.map((path) => [path, new Uint8Array(readFileSync(join(root, path)))]));
  return { deployable, contents, manifests, sources };
}

/** The root of the package: what the buildpack and npm read. */
function topManifest(
  root: string,
  deployable: Deployable,
  { kind, entries, nodeOptions = [] }: Contents,
  workspaces: readonly Workspace[],
): Manifest {
  const { version, license } = readManifest(root);
  const main = entries[0]!;
  const framework = workspaces.map(({ manifest }) => manifest.dependencies?.[FUNCTIONS_FRAMEWORK]).find(Boolean);
  const start =
    kind === 'function' ? `functions-framework --target=${deployable}` : ['node', ...nodeOptions, main].join(' ');
  return {
    name: `tributary-${deployable}`,
    version,
    private: true,
    license,
    type: 'module',
    main,
    engines: { node: NODE_ENGINE },
    workspaces: workspaces.map(({ folder }) => folder),
    scripts: { start },
    // The buildpack looks here for the framework, and would bring a second copy, where no function is registered.
    ...(kind === 'function' && framework ? { dependencies: { [FUNCTIONS_FRAMEWORK]: framework } } : {}),
  };
}

function withoutDevelopment(workspace: Workspace): Workspace {
  const { devDependencies: _dropped, scripts: _unused, ...manifest } = workspace.manifest;
  return { ...workspace, manifest };
}

/** Files at or below a path. */
function filesBelow(root: string, path: string): string[] {
  if (!existsSync(join(root, path)))
    throw new UserError('FILE_MISSING', `deploy/images/src/contents.ts declares ${path}, which is not there.`);
  const found = statSync(join(root, path)).isDirectory()
    ? readdirSync(join(root, path), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length))
    : [path];
  return found.filter((file) => !LEFT_OUT.test(file));
}

function json(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
