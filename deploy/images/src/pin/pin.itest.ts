import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ensureCrane } from '@tributary/local-emulator/toolchain/crane';
import { execa } from 'execa';
import { LOCK_FILE, readLock } from '../base-images.ts';
import { imageBuild } from '../images.ts';
import { freePort } from '../testing/process.ts';
import { type LoopbackRegistry, layerOf, startRegistry } from '../testing/registry.ts';
import { checkPinned, type PinPorts, pin } from './pin.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

let crane: string;
let registry: LoopbackRegistry;
let digest: string;
let github: Server;
let asked: { url: string | undefined; accept: string | undefined; authorization: string | undefined }[];
let folder: string;
let root: string;
let ports: PinPorts;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pin-'));
  crane = await ensureCrane();
  registry = await startRegistry(crane);
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files', 'file'), 'content');
  const image = {
    files: '',
    env: {},
    labels: {},
    user: '65532:65532',
    workdir: '/',
    entrypoint: ['x'],
    healthcheck: undefined,
  };
  digest = await registry.push('base', [await layerOf(join(folder, 'files'), join(folder, 'layer.tar.gz'))], image);
  // The endpoint of GitHub's API that is asked: https://docs.github.com/rest/commits/commits#get-a-commit
  github = createServer((request, response) => {
    const { accept, authorization } = request.headers;
    asked.push({ url: request.url, accept, authorization });
    const known = request.url === '/repos/actions/checkout/commits/v5';
    response.writeHead(known ? 200 : 422).end(known ? COMMIT : '{"message":"No commit found for SHA"}');
  });
  await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
}, 600_000);

afterAll(async () => {
  await registry?.stop();
  await new Promise((resolve) => github.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  asked = [];
  root = join(folder, 'project');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, 'deploy/images'), { recursive: true });
  mkdirSync(join(root, '.github/workflows'), { recursive: true });
  mkdirSync(join(root, 'run-services/erase'), { recursive: true });
  writeFileSync(join(root, 'run-services/erase/Dockerfile'), ['ARG NODE', 'FROM $NODE', ''].join('\n'));
  writeFileSync(join(root, '.github/workflows/ci.yml'), 'steps:\n  - uses: actions/checkout@v5\n');
  lockOf(`${registry.host}/base:built`);
  ports = {
    root,
    crane,
    github: { api: `http://127.0.0.1:${(github.address() as AddressInfo).port}`, token: 'token' },
  };
});

test('pin takes the digest from the registry and the commit from GitHub, and builds take both from the lock file', async () => {
  expect(() => checkPinned(root)).toThrow(
    expect.objectContaining({
      code: 'UNPINNED',
      message: expect.stringMatching(/base:built[\s\S]*actions\/checkout@v5[\s\S]*npm run pin/),
    }),
  );
  expect(() => imageBuild(root, 'erase', { revision: 'r', time: 1 })).toThrow(
    expect.objectContaining({ code: 'BASE_IMAGE_UNPINNED', message: expect.stringContaining('npm run pin') }),
  );
  const report = await pin(ports);
  expect(report).toEqual({
    images: 1,
    actions: 1,
    changed: [`NODE: nothing → ${digest}`, `actions/checkout@v5: nothing → ${COMMIT}`],
  });
  expect(readLock(root).actions).toEqual({ 'actions/checkout@v5': COMMIT });
  expect(readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8')).toBe(
    `steps:\n  - uses: actions/checkout@${COMMIT} # v5\n`,
  );
  expect(asked).toEqual([
    { url: '/repos/actions/checkout/commits/v5', accept: 'application/vnd.github.sha', authorization: 'Bearer token' },
  ]);
  checkPinned(root);
  expect(imageBuild(root, 'erase', { revision: 'abc', time: 12 }).buildArgs).toEqual({
    NODE: `${registry.host}/base:built@${digest}`,
    REVISION: 'abc',
    SOURCE_DATE_EPOCH: '12',
  });
  // What a build would be told is an image that the registry has.
  await execa(crane, ['manifest', `${registry.host}/base@${digest}`]);
  expect((await pin(ports)).changed).toEqual([]);
});

test('a registry or a GitHub that cannot be asked leaves every file as it was', async () => {
  const before = contents();
  lockOf(`127.0.0.1:${await freePort()}/base:built`);
  const unreachable = contents();
  await expect(pin(ports)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', class: 'transient' });
  expect(contents()).toEqual(unreachable);
  lockOf(`${registry.host}/base:built`);
  await expect(pin({ ...ports, github: { api: `http://127.0.0.1:${await freePort()}` } })).rejects.toMatchObject({
    code: 'GITHUB_UNREACHABLE',
    class: 'transient',
  });
  expect(contents()).toEqual(before);
  writeFileSync(join(root, '.github/workflows/ci.yml'), 'steps:\n  - uses: actions/checkout@v999\n');
  await expect(pin(ports)).rejects.toMatchObject({ code: 'NO_SUCH_ACTION', class: 'user' });
});

test('a lock file with an invented digest or a member too many is refused', () => {
  for (const wrong of [
    '{"images":{"NODE":{"tag":"h/a:1","digest":"sha256:abc"}},"actions":{}}',
    '{"images":{},"actions":{},"more":1}',
    'no json',
  ]) {
    writeFileSync(join(root, LOCK_FILE), wrong);
    expect(() => readLock(root)).toThrow(expect.objectContaining({ code: 'LOCK_INVALID' }));
  }
});

function lockOf(tag: string): void {
  writeFileSync(join(root, LOCK_FILE), JSON.stringify({ images: { NODE: { tag, digest: null } }, actions: {} }));
}

function contents(): string[] {
  return [LOCK_FILE, '.github/workflows/ci.yml'].map((file) => readFileSync(join(root, file), 'utf8'));
}
