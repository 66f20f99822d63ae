import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { prepareToolchain } from '@tributary/local-emulator/toolchain/toolchain';
import { execa } from 'execa';
import { CONTENTS, type Contents, type Deployable } from './contents.ts';
import { fromSource, writePackage } from './package.ts';
import { readManifest } from './source/workspaces.ts';
import { chosen } from './testing/chosen.ts';
import { writeFeastRegistry } from './testing/feast-registry.ts';
import { freePort, type Running, runProcess, silentServer } from './testing/process.ts';

/**
 * What Google's Node.js buildpack does with a source package, step by step: https://github.com/GoogleCloudPlatform/buildpacks, cmd/nodejs/npm and
 * cmd/nodejs/functions_framework. Its own Node is another patch of the same version.
 */
const DEPLOYABLES = fromSource();

let work: string;
let secrets: string;
/** What Terraform would set, as the file of that environment has it for laptops. */
const SETTINGS = parseEnv(readFileSync(join(ROOT, '.env.dev'), 'utf8')) as Record<string, string>;
const running: Running[] = [];

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'tributary-sources-'));
  secrets = join(work, 'pii-keys.json');
  const keys = { active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } };
  writeFileSync(secrets, JSON.stringify(keys), { mode: 0o400 });
  const { pythonBin } = await prepareToolchain(ROOT, { quiet: true, only: new Set(['python']) });
  await writeFeastRegistry(ROOT, pythonBin, join(work, 'registry.db'), SETTINGS);
}, 600_000);

afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.stop()));
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

test.each(chosen<Deployable>(DEPLOYABLES, ['load-warehouse', 'feast-server', 'replay']))(
  '%s is installed and started from its source package as the buildpack does it',
  async (deployable) => {
    const { folder } = writePackage(ROOT, deployable, work);
    const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
    // "npm ci --quiet --no-fund --no-audit" with NODE_ENV=production, for there is no build script.
    await execa('npm', ['ci', '--quiet', '--no-fund', '--no-audit', '--prefer-offline'], {
      cwd: folder,
      env: { NODE_ENV: 'production', NODE_OPTIONS: '', npm_config_update_notifier: 'false' },
      stdin: 'ignore',
    });
    expect(readFileSync(join(folder, 'package-lock.json'), 'utf8')).toBe(lock);
    // Node refuses to strip types below node_modules; a link leads out of it. The buildpack copies the folder with "cp --archive", which keeps links.
    await execa('cp', ['--archive', 'node_modules', 'copied'], { cwd: folder });
    rmSync(join(folder, 'node_modules'), { recursive: true });
    await execa('mv', ['copied', 'node_modules'], { cwd: folder });
    expect(lstatSync(join(folder, 'node_modules/@tributary/platform')).isSymbolicLink()).toBe(true);

    const contents: Contents = CONTENTS[deployable];
    if (contents.kind === 'function') await answersEvents(deployable, folder);
    else await startsByNpm(contents, folder);
    rmSync(folder, { recursive: true });
  },
  240_000,
);

/** The function's file is checked, then the framework starts it: "node_modules/.bin/functions-framework", with FUNCTION_TARGET in the environment. */
async function answersEvents(target: Deployable, folder: string): Promise<void> {
  const { main = '', dependencies = {} } = readManifest(folder);
  expect(Object.keys(dependencies)).toEqual(['@google-cloud/functions-framework']);
  await execa(process.execPath, ['--check', main], { cwd: folder, env: { NODE_OPTIONS: '' } });
  const port = await freePort();
  const started = start('/bin/bash', ['-c', 'node_modules/.bin/functions-framework'], folder, port, {
    FUNCTION_TARGET: target,
    FUNCTION_SIGNATURE_TYPE: 'cloudevent',
  });
  const url = `http://127.0.0.1:${port}`;
  await started.answers(`${url}${(CONTENTS[target] as Contents).health}`);
  // What is no event is refused by the function itself: its code runs.
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-type': 'nobody.knows',
    'ce-source': '//test',
    'ce-id': '1',
  };
  const refused = await fetch(url, { method: 'POST', headers, body: '{"query":1}' });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.status).toBeLessThan(500);
  await prints(started, '"code":"EVENT_UNKNOWN"');
}

/** What a process writes may come after its answer. */
async function prints({ output }: Running, text: string): Promise<void> {
  for (let waited = 0; waited < 100 && !output().includes(text); waited += 1) await delay(100);
  expect(output()).toContain(text);
}

/** "npm run start", which the buildpack makes the container's command. */
async function startsByNpm(contents: Contents, folder: string): Promise<void> {
  const silent = await silentServer();
  try {
    const port = await freePort();
    const started = start('npm', ['run', '--silent', 'start'], folder, port, {
      PGHOST: '127.0.0.1',
      PGPORT: String(silent.port),
      PGUSER: 'app',
      PGPASSWORD: 'app',
      PGDATABASE: 'app',
      REDIS_ADDRESS: `127.0.0.1:${silent.port}`,
      FEAST_REGISTRY: join(work, 'registry.db'),
    });
    if (contents.kind === 'service') {
      const answer = await started.answers(`http://127.0.0.1:${port}${contents.health}`);
      expect(answer.status).toBe(200);
    } else {
      expect(await started.ended()).not.toBe(0);
      expect(started.output()).toContain('"code":"USAGE"');
    }
  } finally {
    await silent.close();
  }
}

function start(command: string, args: string[], cwd: string, port: number, own: Record<string, string>): Running {
  const process = runProcess(command, args, {
    cwd,
    env: {
      PATH: `${dirname(globalThis.process.execPath)}:${globalThis.process.env.PATH}`,
      HOME: work,
      NODE_ENV: 'production',
      ...SETTINGS,
      METRICS: 'none',
      HOST: '127.0.0.1',
      PORT: String(port),
      PII_KEYS_FILE: secrets,
      ...own,
    },
  });
  running.push(process);
  return process;
}
