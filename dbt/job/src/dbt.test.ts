import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@tributary/platform/log';
import { type DbtSettings, runDbt } from './dbt.ts';
import { readProject } from './project.ts';

const LOG = createLogger('test', { level: 'silent' });
const NEVER = new AbortController().signal;

describe('runDbt', () => {
  let folder: string;
  let path: string | undefined;
  let settings: DbtSettings;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbt-run-test-'));
    path = process.env.PATH;
    process.env.PATH = `${folder}${delimiter}/usr/bin${delimiter}/bin`;
    settings = {
      project: readProject(),
      warehouse: { projectId: 'p', location: 'US', endpoint: undefined, maxBytesBilled: '1000' },
      cacheFolder: join(folder, 'cache'),
      timeoutSeconds: 10,
    };
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });

  /** Puts a `dbt` on the PATH that runs these lines with TARGET set to its target folder. */
  function standIn(...lines: string[]): void {
    const target = 'while [ $# -gt 0 ]; do [ "$1" = --target-path ] && TARGET=$2; shift; done';
    writeFileSync(join(folder, 'dbt'), ['#!/bin/sh', `echo "$@" > ${folder}/args`, target, ...lines].join('\n'));
    chmodSync(join(folder, 'dbt'), 0o755);
  }

  const run = (signal: AbortSignal = NEVER) => runDbt(settings, { kind: 'all' }, 'run-1', signal, LOG);

  test('results count whatever the exit code, for failed models are among them', async () => {
    standIn('echo "{}" > $TARGET/run_results.json; echo "{ }" > $TARGET/manifest.json', 'exit 1');
    expect(await run()).toEqual({ runResults: '{}\n', manifest: '{ }\n' });
  });

  test('unit tests stay out, and each run has a folder of its own that goes away', async () => {
    standIn('echo $TARGET > $TARGET/run_results.json; echo "{}" > $TARGET/manifest.json');
    const [first, second] = await Promise.all([run(), run()]);
    expect(first).not.toBe(second);
    expect(readFileSync(join(folder, 'args'), 'utf8')).toContain('--exclude-resource-type unit_test');
    expect(() => readFileSync(first.runResults.trim())).toThrow(/ENOENT/);
  });

  test('what dbt parsed is kept for the next run', async () => {
    standIn(
      'echo parsed > $TARGET/partial_parse.msgpack',
      'echo "{}" | tee $TARGET/manifest.json > $TARGET/run_results.json',
    );
    await run();
    expect(readFileSync(join(folder, 'args'), 'utf8')).not.toContain('--partial-parse-file-path');
    await run();
    expect(readFileSync(join(folder, 'args'), 'utf8')).toContain(
      `--partial-parse-file-path ${join(settings.cacheFolder, 'partial_parse.msgpack')}`,
    );
  });

  test('a dbt that ends without results is an error with its last words', async () => {
    standIn('echo "Runtime Error: could not connect"', 'exit 2');
    await expect(run()).rejects.toMatchObject({
      code: 'DBT_ABORTED',
      class: 'transient',
      message: expect.stringContaining('could not connect'),
    });
  });

  test('a project that dbt cannot read is a user error, for trying again would not help', async () => {
    standIn('echo "Compilation Error in model customer_features"', 'exit 2');
    await expect(run()).rejects.toMatchObject({ code: 'DBT_PROJECT_INVALID', class: 'user' });
  });

  test('a dbt that is not there is a user error that says how to get it', async () => {
    await expect(run()).rejects.toMatchObject({
      code: 'DBT_MISSING',
      message: expect.stringContaining('npm run setup'),
    });
  });

  test('a dbt that takes too long is stopped', async () => {
    settings = { ...settings, timeoutSeconds: 1 };
    standIn('exec sleep 30');
    await expect(run()).rejects.toMatchObject({ code: 'DBT_ABORTED', message: expect.stringContaining('within 1 s') });
  });

  test('stopping the job interrupts dbt, which can cancel its queries', async () => {
    standIn(
      `trap "echo interrupted > ${folder}/seen; exit 1" INT`,
      `echo > ${folder}/started`,
      'while :; do sleep 0.05; done',
    );
    const stop = new AbortController();
    const running = run(stop.signal);
    const expectation = expect(running).rejects.toThrow('SIGTERM');
    for (let waited = 0; waited < 5_000 && !exists(join(folder, 'started')); waited += 20) await sleep(20);
    stop.abort(new Error('SIGTERM'));
    await expectation;
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('interrupted\n');
  });
});

function exists(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
