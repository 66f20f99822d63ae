import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { ProviderSchema } from './model.ts';

/** Files that may name a resource or a data source: configuration, its tests, and what the verification changes in it. */
const READ = new Set(['.tf', '.hcl', '.ts', '.yaml', '.yml', '.json']);
const NOT_READ = new Set(['node_modules', '.terraform']);
const NAME = /\b[a-z][a-z0-9-]*_[a-z0-9_]+\b/g;

/**
 * A folder with the schemas of only those resources and data sources that are named anywhere below `terraform/`. A name that is in none of them is refused all the
 * same, be it misspelt or only new, but Terraform starts a provider for each run of each test, and to read all 2,300 types takes two seconds and a gigabyte each time.
 *
 * The folder is of a name made from its content and is kept: who looks at the same configuration next finds it.
 */
export function schemasInUse(schemas: string, repository: string): string {
  const names = namesBelow(join(repository, 'terraform'));
  const files = readdirSync(schemas).sort();
  const hash = createHash('sha256').update(schemas);
  const kept = files.map((file) => {
    const schema = JSON.parse(readFileSync(join(schemas, file), 'utf8')) as ProviderSchema;
    const only = <T>(types: Record<string, T>): Record<string, T> =>
      Object.fromEntries(Object.entries(types).filter(([name]) => names.has(name)));
    const text = JSON.stringify({ ...schema, resources: only(schema.resources), data: only(schema.data) });
    hash.update(file).update(text);
    return { file, text };
  });
  const folder = join(tmpdir(), `tributary-provider-schemas-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const made = mkdtempSync(join(tmpdir(), 'tributary-provider-schemas-'));
  for (const { file, text } of kept) writeFileSync(join(made, file), text);
  try {
    renameSync(made, folder);
  } catch (error) {
    // Somebody else made the same one.
    rmSync(made, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function namesBelow(folder: string, names = new Set<string>()): Set<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!NOT_READ.has(entry.name)) namesBelow(path, names);
    } else if (READ.has(extname(entry.name))) {
      for (const [name] of readFileSync(path, 'utf8').matchAll(NAME)) names.add(name);
    }
  }
  return names;
}
