import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { ROOT } from '../instance/machine.ts';

test('a machine without Java and Go is told of both at once, with the command that installs each', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'bin-'));
  symlinkSync(process.execPath, join(bin, 'node'));
  const run = await execa(process.execPath, [join(ROOT, 'local-emulator', 'src', 'cli.ts'), 'doctor'], {
    env: { PATH: bin, JAVA_HOME: '', NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
    extendEnv: true,
    reject: false,
  });
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toMatch(/✖ Java .*no "java" on PATH\n {4}→ .*openjdk/);
  expect(run.stdout).toMatch(/✖ Go .*no "go" on PATH\n {4}→ /);
  expect(run.stderr).toBe('');
});
