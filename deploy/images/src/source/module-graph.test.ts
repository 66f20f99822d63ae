import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { moduleGraph } from './module-graph.ts';
import { readWorkspaces } from './workspaces.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'graph-'));
  write('package.json', '{"workspaces":["apps/*","lib"]}');
  write('lib/package.json', '{"name":"@t/lib","exports":{"./*":"./src/*/index.ts"}}');
  write('apps/one/package.json', '{"name":"@t/one","main":"src/index.ts","dependencies":{"@t/lib":"0.1.0"}}');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

test('imports are followed through relative paths, exports of our packages and literal import()', () => {
  write(
    'apps/one/src/index.ts',
    `import {\n  a,\n} from './a.ts';\nimport 'side-effect';\nimport { join } from 'node:path';\nexport { b } from '@t/lib/things';\nconst later = await import('./later.ts');\n`,
  );
  write('apps/one/src/a.ts', `import x from '@scope/pkg/sub';\nexport const a = "import y from './no.ts'";\n`);
  write('apps/one/src/later.ts', 'export {};\n');
  write('lib/src/things/index.ts', 'export const b: number = 1;\n');
  const graph = follow('apps/one/src/index.ts');
  expect(graph.modules).toEqual([
    'apps/one/src/a.ts',
    'apps/one/src/index.ts',
    'apps/one/src/later.ts',
    'lib/src/things/index.ts',
  ]);
  expect([...graph.packages].sort()).toEqual(['@scope/pkg', 'side-effect']);
});

test('what only types need is not loaded, so it does not come along', () => {
  write(
    'apps/one/src/index.ts',
    `import type { A } from './types.ts';\nexport type { B } from 'types-only';\nimport { type C } from './kept.ts';\n`,
  );
  // Node keeps this import when it strips the type from it.
  write('apps/one/src/kept.ts', 'export interface C {}\n');
  expect(follow('apps/one/src/index.ts')).toMatchObject({
    modules: ['apps/one/src/index.ts', 'apps/one/src/kept.ts'],
    packages: new Set(),
  });
});

test('files that a module names by its own address, or from the root, are told', () => {
  write(
    'apps/one/src/index.ts',
    `const a = new URL('../data/', import.meta.url);\nconst b = new URL('contracts/all.json', ROOT);\nconst c = new URL(name, a);\n`,
  );
  expect([...follow('apps/one/src/index.ts').named]).toEqual([
    ['apps/one/data/', 'apps/one/src/index.ts'],
    ['contracts/all.json', 'apps/one/src/index.ts'],
  ]);
});

test('an import of a file that is not there, or that our package does not export, is refused by name', () => {
  write('apps/one/src/index.ts', `import './gone.ts';\n`);
  expect(() => follow('apps/one/src/index.ts')).toThrow(
    expect.objectContaining({ code: 'MODULE_MISSING', message: expect.stringContaining('apps/one/src/gone.ts') }),
  );
  write('apps/one/src/index.ts', `import '@t/lib';\n`);
  expect(() => follow('apps/one/src/index.ts')).toThrow(expect.objectContaining({ code: 'MODULE_MISSING' }));
});

function follow(entry: string) {
  return moduleGraph(root, [entry], readWorkspaces(root));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
