import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { CONTENTS, type Deployable } from '../contents.ts';
import { fromSource, writePackage } from '../package.ts';
import { ignoredByDocker, writeContext } from '../testing/context.ts';
import { deployableOf, sourcePackage } from './source-package.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const DEPLOYABLES = Object.keys(CONTENTS) as Deployable[];

let context: string;

beforeAll(async () => {
  context = mkdtempSync(join(tmpdir(), 'context-'));
  await writeContext(ROOT, context);
}, 60_000);

afterAll(() => rmSync(context, { recursive: true, force: true }));

test.each(DEPLOYABLES)('the package of %s has its entries, no tests and no development dependencies', (deployable) => {
  const { manifests, sources } = sourcePackage(ROOT, deployable);
  const paths = [...sources.keys()];
  expect(paths).toEqual(expect.arrayContaining([...CONTENTS[deployable].entries]));
  const unwanted = [
    '**/*.test.ts',
    '**/*.itest.ts',
    '**/testing/**',
    '**/__pycache__/**',
    '.env*',
    '**/node_modules/**',
  ];
  expect(paths.filter((path) => unwanted.some((pattern) => matchesGlob(path, pattern)))).toEqual([]);
  for (const [path, bytes] of manifests) {
    const manifest = JSON.parse(Buffer.from(bytes).toString()) as {
      devDependencies?: object;
      packages: Record<string, { dev?: boolean }>;
    };
    if (path !== 'package-lock.json') expect(manifest.devDependencies).toBeUndefined();
    else expect(Object.entries(manifest.packages).filter(([, { dev }]) => dev)).toEqual([]);
  }
});

test.each(DEPLOYABLES.filter((name) => CONTENTS[name].kind !== 'function'))(
  'the first stage of the image of %s runs in the build context, with nothing installed',
  async (deployable) => {
    const out = mkdtempSync(join(tmpdir(), 'layers-'));
    try {
      await execa(process.execPath, [join(context, 'deploy/images/src/layers.ts'), deployable, out], {
        env: { NODE_OPTIONS: '' },
      });
      const { manifests, sources } = sourcePackage(context, deployable);
      for (const [path, bytes] of manifests)
        expect(readFileSync(join(out, 'manifests', path))).toEqual(Buffer.from(bytes));
      for (const [path, bytes] of sources) expect(readFileSync(join(out, 'sources', path)).equals(bytes)).toBe(true);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
);

test('secrets that somebody left in the tree do not reach the build context', () => {
  const secrets = [
    '.env',
    '.env.local',
    '.env.prod',
    'deploy/tls.pem',
    'id.key',
    'terraform/envs/dev/secret.tfvars',
    'x/terraform.tfstate',
    'my-service-account-1.json',
    'a/credentials.json',
  ];
  expect(secrets.filter((path) => !ignoredByDocker(ROOT, path))).toEqual([]);
  expect(
    ['package.json', 'deploy/images/package.json', 'platform/src/log/index.ts'].filter((path) =>
      ignoredByDocker(ROOT, path),
    ),
  ).toEqual([]);
});

test('the same tree gives the same folder and the same archive', () => {
  const out = mkdtempSync(join(tmpdir(), 'package-'));
  try {
    const first = writePackage(ROOT, 'notify', out);
    const bytes = readFileSync(first.archive);
    const second = writePackage(ROOT, 'notify', out);
    expect(second).toEqual(first);
    expect(readFileSync(second.archive).equals(bytes)).toBe(true);
    expect(first.archive).toBe(join(out, `notify-${first.sha256.slice(0, 16)}.zip`));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});

test('what needs Java or Python is refused as a source package, and told to be built as an image', () => {
  expect(() => writePackage(ROOT, 'debezium-bridge')).toThrow(
    expect.objectContaining({ code: 'NOT_FROM_SOURCE', message: expect.stringContaining('java') }),
  );
  expect(fromSource()).toHaveLength(12);
  expect(() => deployableOf('nothing')).toThrow(expect.objectContaining({ code: 'NO_SUCH_DEPLOYABLE' }));
});

test('a file that a module names and nobody declared is refused, and so is a package that no manifest has', () => {
  const root = mkdtempSync(join(tmpdir(), 'undeclared-'));
  try {
    cpSync(context, root, { recursive: true });
    const module = join(root, 'functions/notify/src/naming.ts');
    const text = readFileSync(module, 'utf8');
    writeFileSync(module, `${text}\nexport const table = new URL('./table.json', import.meta.url);\n`);
    expect(() => sourcePackage(root, 'notify')).toThrow(
      expect.objectContaining({
        code: 'FILE_NOT_DECLARED',
        message: expect.stringContaining('functions/notify/src/table.json'),
      }),
    );
    writeFileSync(module, `import 'left-pad';\n${text}`);
    expect(() => sourcePackage(root, 'notify')).toThrow(
      expect.objectContaining({ code: 'DEPENDENCY_NOT_DECLARED', message: expect.stringContaining('left-pad') }),
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
