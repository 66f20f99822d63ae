import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Violation } from '../planned.ts';
import { rowsOf, type Table } from '../table.ts';

/** What Google itself asks of an account; there is no call of ours to name. */
const ASKED_BY_GOOGLE = new Set(['pipeline', 'builder']);
const FILE = /[\w.-]+(?:\/[\w.-]+)+|[\w-]+\.(?:ts|java|py|sql|yaml|json)\b/g;
/** What reads as code in a sentence: camel case, a call, or a member of something. */
const CODE = /\b[a-z]+(?:[A-Z]\w*)+\b|\b\w+(?=\()|\b[a-z]\w*\.[a-z]\w+\b(?!\/)/g;

/**
 * Every row names the file with the call that needs the role, and the file has that call in it.
 *
 * A file that is named without its folder is beside the one named before it, or in the deployable's source.
 */
export function whysNameCode(root: string, table: Table): Violation[] {
  const found: Violation[] = [];
  for (const name of [...Object.keys(table.deployables), ...Object.keys(table.accounts)]) {
    const source = table.deployables[name]?.source ?? '.';
    for (const row of rowsOf(table, name)) {
      const at = `${name}: ${row.role} on ${row.on}`;
      const { files, missing } = filesOf(root, source, row.why);
      for (const file of missing) found.push({ at, says: `there is no ${file}, which its why names` });
      if (files.length === 0) {
        if (missing.length === 0 && !ASKED_BY_GOOGLE.has(name)) found.push({ at, says: 'its why names no file' });
        continue;
      }
      const content = files.map((file) => contentOf(join(root, file))).join('\n');
      for (const code of codeOf(row.why))
        if (!content.includes(code)) found.push({ at, says: `no "${code}" in ${files.join(', ')}` });
    }
  }
  return found;
}

function filesOf(root: string, source: string, why: string): { files: string[]; missing: string[] } {
  const files: string[] = [];
  const missing: string[] = [];
  for (const [file] of why.matchAll(FILE)) {
    const path = file.replace(/\.$/, '');
    if (/^(application|\d)/.test(path) || /^[\w-]+\.[a-z]+\.com$/.test(path)) continue;
    const beside = files.flatMap((before) => [join(dirname(before), path), join(dirname(dirname(before)), path)]);
    const here = [path, ...beside, join(source, 'src', path)].find((candidate) => existsSync(join(root, candidate)));
    if (here !== undefined) files.push(here);
    else if (/\.(ts|java|py|sql|yaml|json)$/.test(path) || existsSync(join(root, path.split('/')[0] ?? '')))
      missing.push(path);
  }
  return { files, missing };
}

/** The last name of each piece of code, such as `publish` of `bus.publish('changes')`. */
function codeOf(why: string): string[] {
  const prose = why.replaceAll(FILE, ' ').replaceAll(/\b[a-z-]+\.googleapis\.com\b/g, ' ');
  return [...prose.matchAll(CODE)].map(([code]) => code.split('.').at(-1) ?? code);
}

function contentOf(path: string): string {
  if (!statSync(path).isDirectory()) return `${basename(path)}\n${readFileSync(path, 'utf8')}`;
  return readdirSync(path)
    .filter((entry) => !entry.startsWith('node_modules'))
    .map((entry) => contentOf(join(path, entry)))
    .join('\n');
}
