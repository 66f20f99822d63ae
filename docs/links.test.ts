import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);
/** Folders that hold nothing of ours. */
const LEFT_OUT =
  /(^|\/)(google-samples|node_modules|target|\.venv|\.git|\.tributary|dbt_packages|\.pytest_cache|\.ruff_cache|\.terraform)(\/|$)/;

const documents = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !LEFT_OUT.test(name))
  .sort();

/** What is code is no link. */
const withoutCode = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '`');

/** Targets of links and images that are not elsewhere on the web. */
function targets(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(<?([^)\s>]+)>?\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors as GitHub makes them of headings: lower case, without punctuation, hyphens for spaces, numbered where they repeat. */
function anchors(text: string): Set<string> {
  const seen = new Map<string, number>();
  const found = new Set<string>();
  for (const [, heading] of text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const slug = heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    found.add(count === 0 ? slug : `${slug}-${count}`);
  }
  for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)">/g)) found.add(id!);
  return found;
}

/** What is wrong with the links of a document; empty where nothing is. */
function faults(name: string, text: string): string[] {
  return targets(text).flatMap((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? new URL(name, ROOT) : new URL(decodeURI(path), new URL(name, ROOT));
    if (!existsSync(file)) return [`${target}: there is no such file`];
    if (anchor === undefined || !file.pathname.endsWith('.md')) return [];
    return anchors(readFileSync(file, 'utf8')).has(anchor) ? [] : [`${target}: there is no such heading`];
  });
}

test.each(documents)('the links of %s lead somewhere', (name) => {
  expect(faults(name, readFileSync(new URL(name, ROOT), 'utf8'))).toEqual([]);
});

const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
  scripts: Record<string, string>;
};

/** What the packages that deploy/images makes have as a script of their own. */
const OF_PACKAGES = ['start'];

/** `npm run <script>` of the root, in code and in sentences; those of a workspace (-w) are its own. */
const commands = documents.flatMap((name) =>
  [...readFileSync(new URL(name, ROOT), 'utf8').matchAll(/npm run (?:-s )?([a-z][a-z:-]*)(?! -w)\b/g)].map(
    ([, script]) => [name, script!] as const,
  ),
);

test.each([...new Map(commands.map((command) => [command.join(' '), command])).values()])(
  '%s names npm run %s, which exists',
  (name, script) => {
    const text = readFileSync(new URL(name, ROOT), 'utf8');
    const ofWorkspace = new RegExp(`npm run ${script} -w `).test(text);
    expect(ofWorkspace || OF_PACKAGES.includes(script) || Object.hasOwn(scripts, script)).toBe(true);
  },
);

describe('a link is found at fault', () => {
  test.each([
    ['[x](no-such-file.md)', 'no-such-file.md: there is no such file'],
    ['[x](../README.md#no-such-heading)', '../README.md#no-such-heading: there is no such heading'],
    ['[x](#nowhere)', '#nowhere: there is no such heading'],
  ])('%s', (text, fault) => {
    expect(faults('docs/interfaces.md', text)).toEqual([fault]);
  });

  test.each([
    '[x](interfaces.md#event-delivery-to-functions)',
    '[x](https://example.com/nothing)',
    '`[x](nothing.md)`',
    '[x](runbooks)',
  ])('but not %s', (text) => {
    expect(faults('docs/interfaces.md', text)).toEqual([]);
  });

  test('documents are found', () => {
    expect(documents.length).toBeGreaterThan(30);
    expect(documents).toContain('README.md');
  });
});
