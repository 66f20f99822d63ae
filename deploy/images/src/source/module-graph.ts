import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize } from 'node:path/posix';
import { UserError } from '../../../../platform/src/errors/index.ts';
import type { Workspace } from './workspaces.ts';

/** What starting some modules needs of this repository. Paths are from its root. */
export interface ModuleGraph {
  /** Modules that are loaded, sorted. */
  readonly modules: readonly string[];
  /** Files and folders that these name by URL, with the module that does. */
  readonly named: ReadonlyMap<string, string>;
  /** Names of the packages they import that are not ours. */
  readonly packages: ReadonlySet<string>;
}

/** `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`, in code whose types are gone. */
const SPECIFIERS = [
  /(?:^|[\n;])\s*(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /(?:^|[\n;])\s*import\s*['"]([^'"]+)['"]/g,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
];

/** Files by their own address. ROOT is platform/config's. */
const NAMED = /\bnew URL\(\s*['"]([^'"]+)['"],\s*(import\.meta\.url|ROOT)\s*\)/g;

/**
 * Follows imports from `entries` through our packages. Types count for nothing: what only they import is not loaded when the program runs.
 *
 * @throws {UserError} MODULE_MISSING when a module imports a file that is not there, or a package's name that its exports do not have
 */
export function moduleGraph(
  root: string,
  entries: readonly string[],
  workspaces: ReadonlyMap<string, Workspace>,
): ModuleGraph {
  const modules = new Set(entries);
  const named = new Map<string, string>();
  const packages = new Set<string>();
  for (const module of modules) {
    const code = readModule(root, module);
    for (const pattern of SPECIFIERS) {
      for (const [, specifier = ''] of code.matchAll(pattern)) {
        const path = resolve(specifier, module, workspaces);
        if (path !== undefined) modules.add(path);
        else if (!specifier.startsWith('node:')) packages.add(packageName(specifier));
      }
    }
    for (const [, path = '', base] of code.matchAll(NAMED)) {
      const from = base === 'ROOT' ? '.' : dirname(module);
      const file = normalize(join(from, path));
      // The root is where paths begin; it is not read.
      if (file !== './') named.set(file, module);
    }
  }
  return { modules: [...modules].sort(), named, packages };
}

function readModule(root: string, module: string): string {
  const path = join(root, module);
  if (!existsSync(path)) throw new UserError('MODULE_MISSING', `${module} is imported and is not there.`);
  const text = readFileSync(path, 'utf8');
  return module.endsWith('.ts') ? withoutWarning(() => stripTypeScriptTypes(text)) : text;
}

/** The file that a specifier means; undefined where it is of a package that is not ours. */
function resolve(specifier: string, from: string, workspaces: ReadonlyMap<string, Workspace>): string | undefined {
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier));
  const workspace = workspaces.get(packageName(specifier));
  if (!workspace) return undefined;
  const { exports, main } = workspace.manifest;
  const subpath = `.${specifier.slice(workspace.name.length)}`;
  const target = exports ? exported(exports, subpath) : subpath === '.' ? main : undefined;
  if (target === undefined)
    throw new UserError('MODULE_MISSING', `${from} imports ${specifier}, which ${workspace.name} does not export.`);
  return normalize(join(workspace.folder, target));
}

/** As Node resolves `exports`: the very name, or a pattern with one star. https://nodejs.org/api/packages.html#subpath-patterns */
function exported(exports: Readonly<Record<string, string>>, subpath: string): string | undefined {
  if (exports[subpath] !== undefined) return exports[subpath];
  for (const [pattern, target] of Object.entries(exports)) {
    const [before = '', after] = pattern.split('*');
    if (after === undefined || !subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    return target.replaceAll('*', subpath.slice(before.length, subpath.length - after.length));
  }
  return undefined;
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Stripping types by itself is a "release candidate" in Node 24, which warns of it; running such files is not. */
function withoutWarning<T>(work: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return work();
  } finally {
    process.emitWarning = emit;
  }
}
