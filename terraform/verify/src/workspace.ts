import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * A copy of the configuration to run Terraform in.
 *
 * Terraform writes provider digests (.terraform.lock.hcl) and its own folder beside what it reads. Those of a stand-in must never get into the repository, so
 * it is never run there; what else of the repository a module reads (`contracts/`, `features/`) is linked in at the same relative place.
 */
export interface Workspace extends Disposable {
  readonly root: string;
}

const NOT_COPIED = new Set([
  '.terraform',
  '.terraform.lock.hcl',
  'node_modules',
  'verify',
  'generated.auto.tfvars.json',
]);

export function copyConfiguration(repository: string): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'tributary-terraform-'));
  for (const entry of readdirSync(repository))
    if (entry !== 'terraform' && entry !== '.git' && entry !== '.tributary')
      symlinkSync(join(repository, entry), join(root, entry));
  cpSync(join(repository, 'terraform'), join(root, 'terraform'), {
    recursive: true,
    filter: (source) => !NOT_COPIED.has(basename(source)) && !source.endsWith('.tfstate'),
  });
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** A copy of one folder that refers to no other. */
export function copyFolder(folder: string): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'tributary-terraform-'));
  cpSync(folder, root, { recursive: true, filter: (source) => !NOT_COPIED.has(basename(source)) });
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** Lets a root module with remote state plan from empty local state: nothing that is deployed can be seen from here. */
export function withoutRemoteState(folder: string): void {
  const remote = terraformFiles(folder).some((file) => /^\s*backend\s+"/m.test(readFileSync(file, 'utf8')));
  if (remote) writeFileSync(join(folder, 'offline_override.tf'), 'terraform {\n  backend "local" {}\n}\n');
}

/** The folder's own *.tf files. */
export function terraformFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.tf'))
    .sort()
    .map((file) => join(folder, file));
}

/** Every module and environment below `terraform/`, by path relative to the repository, sorted. */
export function configurationFolders(root: string): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    const folder = join(root, path);
    if (terraformFiles(folder).length > 0) found.push(path);
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && !NOT_COPIED.has(entry.name)) visit(`${path}/${entry.name}`);
  };
  if (existsSync(join(root, 'terraform'))) visit('terraform');
  return found.sort();
}
