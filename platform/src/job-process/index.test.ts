import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runJobProcess } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-job-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A job that is a shell script. */
function script(source: string, timeoutMs = 10_000) {
  return {
    name: 'script',
    command: '/bin/sh',
    args: ['-c', source],
    cwd: folder,
    env: { PATH: process.env.PATH },
    timeoutMs,
    stopGraceMs: 200,
  };
}

async function dies(pidFile: string): Promise<boolean> {
  const pid = Number(readFileSync(join(folder, pidFile), 'utf8'));
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    // A killed orphan stays a zombie until init collects it.
    if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true;
    await delay(20);
  }
  return false;
}

describe('a job process', () => {
  test('its result is the last line it prints, whatever it printed before and however it ends', async () => {
    expect(await runJobProcess(script('echo hello; echo \'{"rows": 3}\'; exit 4'))).toEqual({
      exitCode: 4,
      result: { rows: 3 },
    });
  });

  test('a program that ends without a result is an error that says so', async () => {
    await expect(runJobProcess(script('echo oops; exit 2'))).rejects.toMatchObject({
      code: 'JOB_BROKEN',
      message: expect.stringContaining('status 2'),
    });
  });

  test('a program that cannot be started is an error that says so', async () => {
    const job = { ...script(''), command: join(folder, 'missing') };
    await expect(runJobProcess(job)).rejects.toMatchObject({ code: 'JOB_BROKEN' });
  });

  test('a program that takes too long is stopped with all that it started', async () => {
    const job = script('trap "" TERM; sh -c \'echo $$ > child; exec sleep 60\' & wait', 700);
    await expect(runJobProcess(job)).rejects.toMatchObject({ code: 'JOB_TIMED_OUT', class: 'transient' });
    expect(await dies('child')).toBe(true);
  });

  test('what a program leaves running ends with the job', async () => {
    writeFileSync(join(folder, 'ready'), '');
    await runJobProcess(
      script("sh -c 'echo $$ > child; exec sleep 60' & while [ ! -s child ]; do sleep 0.02; done; echo {}"),
    );
    expect(await dies('child')).toBe(true);
  });
});
