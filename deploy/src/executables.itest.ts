import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { execa } from 'execa';
import { emptyProject, serving } from './testing/cloud.ts';
import type { Kept } from './testing/executable.ts';

// Each invocation is a process of its own, on machines that do other things too.
jest.setTimeout(900_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-executables-'));
  const script = fileURLToPath(new URL('testing/executable.ts', import.meta.url));
  mkdirSync(join(folder, 'bin'));
  for (const name of ['gcloud', 'terraform', 'docker']) {
    const file = join(folder, 'bin', name);
    writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${script}" ${name} "$@"\n`);
    chmodSync(file, 0o755);
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const state = (): string => join(folder, 'stand-in.json');
const keep = (kept: Kept): void => writeFileSync(state(), JSON.stringify(kept));
const kept = (): Kept => JSON.parse(readFileSync(state(), 'utf8')) as Kept;

async function deploy(
  ...args: string[]
): Promise<{ exitCode: number | undefined; signal: string | undefined; output: string }> {
  const script = fileURLToPath(new URL('testing/run-deploy.ts', import.meta.url));
  const result = await execa(process.execPath, ['--no-warnings', script, folder, ...args], {
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, STAND_IN: state(), NODE_OPTIONS: '' },
    extendEnv: false,
    reject: false,
    all: true,
    stdin: 'ignore',
  });
  return { exitCode: result.exitCode, signal: result.signal, output: result.all };
}

test('a deploy that finds its programs on PATH, is killed in the middle of an apply, and is run again, ends whole', async () => {
  keep({ cloud: emptyProject(), calls: [] });
  expect(await deploy('v1', '--plan')).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining('Nothing was changed.'),
  });
  expect(kept().calls.filter(({ mutating }) => mutating)).toEqual([]);
  expect(kept().cloud).toEqual(emptyProject());

  // The first apply is of the foundation, the second of services.
  keep({ ...kept(), killAt: 1 });
  expect(await deploy('v1')).toMatchObject({ signal: 'SIGKILL' });
  expect(kept().calls.at(-1)).toMatchObject({ program: 'terraform', path: 'apply' });
  const halves = Object.keys(kept().cloud.services).length;

  const { killAt: _, ...rest } = kept();
  keep(rest);
  const again = await deploy('v1');
  expect([again.exitCode, again.output]).toEqual([0, expect.stringContaining('has not ended; a rollback goes back')]);
  expect(Object.keys(kept().cloud.services).length).toBeGreaterThan(halves);
  expect(serving(kept().cloud)).toMatchObject({ registry: kept().cloud.jobs.feast });
});

test('a program that is not there is named, with how to get it', async () => {
  keep({ cloud: emptyProject(), calls: [] });
  rmSync(join(folder, 'bin', 'gcloud'));
  const result = await execa(
    process.execPath,
    ['--no-warnings', fileURLToPath(new URL('testing/run-deploy.ts', import.meta.url)), folder, 'v1'],
    {
      env: { PATH: join(folder, 'bin'), STAND_IN: state(), NODE_OPTIONS: '' },
      extendEnv: false,
      reject: false,
      all: true,
    },
  );
  expect(result.exitCode).toBe(1);
  expect(result.all).toMatch(
    /\[TOOL_MISSING\]: "gcloud" is not on PATH\. Install it: https:\/\/cloud\.google\.com\/sdk/,
  );
});
