import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { COMPONENTS } from '@tributary/local-emulator/components/index';
import { parse } from 'yaml';

const HERE = new URL('./', import.meta.url);
const ROOT = new URL('../../', HERE);
const read = (name: string, base: URL = HERE): string => readFileSync(new URL(name, base), 'utf8');

/** In this order; what else a page has (what it means, when it is fixed, what must never be done) stands between and after. */
const SECTIONS = ['Symptom', 'Check', 'Fix', 'Prevention'];
/** Programs that the pages call and that are not ours. */
const PROGRAMS = ['npm', 'curl', 'kill', 'mv', 'gcloud', 'bq', 'echo'];

interface Rule {
  readonly alert: string;
  readonly annotations: { readonly runbook: string };
}

/** Those of the project, and those of what only Google's services measure. */
const RULES = [
  ...readdirSync(new URL('observability/prometheus/rules/', ROOT)).map(
    (file) => `observability/prometheus/rules/${file}`,
  ),
  'observability/google-cloud/rules.yml',
];
const alerts = RULES.map((file) => parse(read(file, ROOT)) as { groups: { rules: Rule[] }[] })
  .flatMap(({ groups }) => groups.flatMap(({ rules }) => rules))
  .map(({ alert, annotations }) => ({ alert, runbook: annotations.runbook }));
const pages = readdirSync(HERE)
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => ({ page: file.slice(0, -'.md'.length), text: read(file) }));
const index = read('README.md');
const tools = read('tools.sh');

/** The part of a page below a heading. */
function section(text: string, heading: string): string {
  const [, body = ''] = text.split(`\n## ${heading}\n`);
  return body.split('\n## ')[0]!.trim();
}

/** Functions that tools.sh defines for a laptop and for the cloud. */
const [local, cloud] = ((): [Set<string>, Set<string>] => {
  const [before = '', after = ''] = tools.split('dev | prod)');
  const names = (text: string) => new Set([...text.matchAll(/^\s+([a-z_]+)\(\) \{/gm)].map(([, name]) => name!));
  return [names(before), names(after)];
})();

/** Lines of the page's blocks, and code within its sentences, without comments. */
function commands(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```\w*\n([\s\S]*?)^ *```$/gm)].flatMap(([, block]) => linesOf(block!));
  const inline = [...text.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
  return [...blocks, ...inline.filter((code) => /^(npm|sql|db|lake_\w+|backlog|republish|cloud_logs) /.test(code))];
}

/** A command that goes over several lines, in quotes or behind a backslash, is one. */
function linesOf(block: string): string[] {
  const found: string[] = [];
  for (const line of block.split('\n')) {
    const last = found.at(-1);
    const open =
      last !== undefined &&
      (last.endsWith('\\') ||
        (last.match(/'/g)?.length ?? 0) % 2 === 1 ||
        (last.match(/(?<!\\)"/g)?.length ?? 0) % 2 === 1);
    if (open) found[found.length - 1] = `${last}\n${line}`;
    else if (line.trim() !== '') found.push(line.trim());
  }
  return found;
}

test('there are alerts and pages to look at', () => {
  expect(alerts.length).toBeGreaterThan(30);
  expect(pages.length).toBeGreaterThan(15);
});

describe('every alert', () => {
  test.each(alerts)('$alert has a page that names it among its symptoms', ({ alert, runbook }) => {
    const found = pages.find(({ page }) => page === runbook);
    expect(found?.page).toBe(runbook);
    expect(section(found!.text, 'Symptom')).toContain(`\`${alert}\``);
  });
});

test('a page that Terraform names exists', () => {
  const monitoring = read('terraform/modules/monitoring/main.tf', ROOT);
  const named = [...monitoring.matchAll(/"docs\/runbooks"\)\}\/([a-z-]+)\.md/g)].map(([, page]) => page!);
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(pages.map(({ page }) => page)).toContain(name);
});

describe('every page', () => {
  test.each(pages)('$page has its sections, in order and with something in them', ({ text }) => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings.filter((heading) => SECTIONS.includes(heading!))).toEqual(SECTIONS);
    for (const heading of SECTIONS) expect(section(text, heading).length).toBeGreaterThan(20);
  });

  test.each(pages)('$page is reached by an alert, or by a code that the index names', ({ page }) => {
    const isAlerted = alerts.some(({ runbook }) => runbook === page);
    const row = index.split('\n').find((line) => line.startsWith('|') && line.includes(`(${page}.md)`));
    expect(row).toBeDefined();
    expect(isAlerted || /`[A-Z_*]+`/.test(row!)).toBe(true);
  });

  test.each(pages)('$page has commands for a laptop and for the cloud', ({ text }) => {
    const shared = commands(text).filter((command) => local.has(first(command)) && cloud.has(first(command)));
    expect([
      shared.length > 0 || /npm run /.test(text),
      shared.length > 0 || /gcloud |cloud_logs|bq /.test(text),
    ]).toEqual([true, true]);
  });
});

const first = (command: string): string => /^[\w./-]+/.exec(command)?.[0] ?? command;

describe('every command of a page exists', () => {
  const scripts = Object.keys((JSON.parse(read('package.json', ROOT)) as { scripts: Record<string, string> }).scripts);
  const components = COMPONENTS.map(({ name }) => name);
  const all = [...pages, { page: 'README', text: index }].flatMap(({ page, text }) =>
    commands(text).map((command) => ({ page, command })),
  );

  test('commands are found', () => {
    expect(all.length).toBeGreaterThan(80);
  });

  test.each(all)('$page: $command', ({ command }) => {
    if (command.startsWith('. ')) return expect(existsSync(new URL(command.split(' ')[1]!, ROOT))).toBe(true);
    const known = [...PROGRAMS, ...local, ...cloud];
    expect(known).toContain(first(command));
    for (const [, script] of command.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)) expect(scripts).toContain(script);
    for (const [, component] of command.matchAll(/npm run logs -- ([a-z][\w-]*)(?![\w/<-])/g))
      expect(components).toContain(component);
    for (const [, component] of command.matchAll(/\$\(address ([\w-]+)\)/g)) expect(components).toContain(component);
  });

  test('tools.sh has the same names for both, but for what only one of them has', () => {
    expect([...local].filter((name) => !cloud.has(name) && !name.startsWith('_'))).toEqual(['address']);
    expect([...cloud].filter((name) => !local.has(name))).toEqual(['cloud_logs']);
  });
});
