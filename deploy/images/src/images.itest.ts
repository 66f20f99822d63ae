import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { cached } from '@tributary/local-emulator/toolchain/cache';
import { ensureCrane } from '@tributary/local-emulator/toolchain/crane';
import { prepareToolchain } from '@tributary/local-emulator/toolchain/toolchain';
import { execa } from 'execa';
import { CONTENTS, type Contents } from './contents.ts';
import { IMAGES } from './images.ts';
import { assemble, type NodeImage, writeBases } from './testing/assemble.ts';
import { chosen } from './testing/chosen.ts';
import { canContain, inContainer, inTree } from './testing/container.ts';
import { writeContext } from './testing/context.ts';
import { stagesOf } from './testing/dockerfile.ts';
import { writeFeastRegistry } from './testing/feast-registry.ts';
import { emptyFolder, freePort, type Running, runProcess, silentServer } from './testing/process.ts';
import { type LoopbackRegistry, layerOf, startRegistry } from './testing/registry.ts';
import type { BuiltImage } from './testing/stages.ts';

const NODE_IMAGES = (Object.keys(CONTENTS) as (keyof typeof CONTENTS)[]).filter(
  (name): name is NodeImage => CONTENTS[name].kind !== 'function',
);
const USER = '65532:65532';
/** Writable for everyone, or for the user of its own: what a read-only root leaves to the platform. */
const WRITABLE = ['tmp/', 'home/nonroot/'];
const DEVELOPMENT = ['jest', 'typescript', '@biomejs/biome', '@swc/core', '@jest/globals', 'fast-check', 'node'];
const SECRET =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|"private_key"\s*:|AIza[\w-]{35}|ya29\.[\w-]{20}|xox[bp]-\d|hooks\.slack\.com\/services\/T/;

let work: string;
let bases: { node: string; distroless: string };
let registry: LoopbackRegistry;
let baseLayers: string[];
let contained: boolean;
let env: Record<string, string>;
let engineRoot: string;
/** What Terraform would set, as the file of that environment has it for laptops. */
const SETTINGS = parseEnv(readFileSync(join(ROOT, '.env.dev'), 'utf8')) as Record<string, string>;
const running: Running[] = [];
const built = new Map<NodeImage, string>();

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'tributary-images-'));
  const tools = await prepareToolchain(ROOT, { quiet: true, only: new Set(['python', 'debezium-engine']) });
  registry = await startRegistry(await ensureCrane());
  contained = await canContain();
  env = {
    PATH: `${dirname(tools.node)}:${tools.pythonBin}`,
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
  await writeContext(ROOT, join(work, 'context'));
  await writeFeastRegistry(ROOT, tools.pythonBin, join(work, 'registry.db'), SETTINGS);
  engineRoot = await engineStage(tools);
  const jre = join(engineRoot, 'jre');
  bases = await writeBases(join(work, 'bases'), tools.node, [join(jre, 'bin/java'), join(jre, 'lib/server/libjvm.so')]);
  baseLayers = [
    await layerOf(bases.distroless, join(work, 'base.tar.gz')),
    await layerOf(bases.node, join(work, 'node.tar.gz')),
  ];
}, 600_000);

afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.stop()));
});

afterAll(async () => {
  await registry?.stop();
  rmSync(work, { recursive: true, force: true });
});

test.each(chosen<NodeImage>(NODE_IMAGES, ['debezium-bridge', 'feast-server', 'erase', 'feast']))(
  'image %s has what it runs on and nothing else, and starts as its user on a read-only root',
  async (name) => {
    const contents: Contents = CONTENTS[name];
    const image = await build(name, 'first');
    const digest = await push(name, image);
    built.set(name, digest);
    const rootfs = emptyFolder(work, 'unpacked', 'rootfs');
    const { config, entries } = await registry.pull(name, digest, rootfs);

    expect(config).toMatchObject({
      User: USER,
      WorkingDir: '/app',
      Entrypoint: ['node', ...(contents.nodeOptions ?? []), contents.entries[0]],
      Env: expect.arrayContaining(['NODE_ENV=production']),
      Labels: expect.objectContaining({ 'org.opencontainers.image.title': `tributary/${name}` }),
    });
    const files = entries.filter(({ mode }) => mode.startsWith('-'));
    const app = files.map(({ path }) => path).filter((path) => path.startsWith('app/'));
    expect(app).toEqual(expect.arrayContaining(contents.entries.map((entry) => `app/${entry}`)));
    for (const made of contents.built ?? []) expect(app).toContain(`app/${made}`);

    expect(app.filter((path) => /\.(i?test|spec)\.[cm]?[jt]s$|\.d\.ts$|\.map$/.test(path))).toEqual([]);
    const installed = JSON.parse(readFileSync(join(rootfs, 'app/node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    expect(Object.entries(installed.packages).filter(([, { dev }]) => dev)).toEqual([]);
    expect(DEVELOPMENT.filter((name) => existsSync(join(rootfs, 'app/node_modules', name)))).toEqual([]);
    expect(
      entries.filter(({ path }) => /(^|\/)(sh|bash|npm|apt|apt-get|curl|wget)$/.test(path) && !path.startsWith('app/')),
    ).toEqual([]);

    expect(app.filter((path) => /(^|\/)\.env(\.local)?$|\.(pem|key|p12|tfvars)$/.test(path))).toEqual([]);
    const ours = app.filter((path) => !path.includes('node_modules/') && !path.endsWith('.jar'));
    expect(ours.filter((path) => SECRET.test(readFileSync(join(rootfs, path), 'latin1')))).toEqual([]);

    const others = entries.filter(({ path }) => !WRITABLE.includes(path));
    expect(
      others.filter(({ mode, uid, gid }) => !mode.startsWith('l') && (mode[8] === 'w' || uid !== 0 || gid !== 0)),
    ).toEqual([]);
    expect(entries.filter(({ mode }) => /[sS]/.test(mode.slice(1)))).toEqual([]);

    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    process.stdout.write(
      `${name}: ${Math.round(bytes / 1024 ** 2)} MiB in ${files.length} files unpacked, ${digest}\n`,
    );
    if (contents.kind === 'service') await serves(contents, image, rootfs);
    else await refuses(image, rootfs);
  },
  300_000,
);

test.each(['erase'] as const)(
  'image %s built again of the same sources has the same digest',
  async (name) => {
    const before = built.get(name) ?? (await push(name, await build(name, 'first')));
    expect(await push(name, await build(name, 'second'))).toBe(before);
  },
  300_000,
);

/** What Maven's stage leaves: the engine's jar, and a Java runtime made by the Dockerfile's own command, which is kept for the next time. */
async function engineStage({ engineJar, java }: { engineJar: string; java: string }): Promise<string> {
  const root = emptyFolder(work, 'engine-stage');
  mkdirSync(join(root, 'engine/target'), { recursive: true });
  cpSync(engineJar, join(root, 'engine/target/debezium-engine.jar'));
  const dockerfile = readFileSync(join(ROOT, IMAGES['debezium-bridge'].dockerfile), 'utf8');
  const stage = stagesOf(dockerfile).find(({ name }) => name === 'engine');
  const command =
    stage?.instructions.find(({ name, value }) => name === 'RUN' && value.startsWith('jlink '))?.value ?? '';
  const version = await execa(java, ['-version'], { all: true });
  const hash = createHash('sha256').update(command).update(version.all).digest('hex').slice(0, 16);
  const kept = await cached(`debezium-jre-${hash}`, async (folder) => {
    await execa('sh', ['-euc', command.replaceAll('/jre', join(folder, 'jre'))], {
      env: { PATH: `${dirname(java)}:${process.env.PATH}` },
      stdin: 'ignore',
    });
  });
  cpSync(join(kept, 'jre'), join(root, 'jre'), { recursive: true });
  return root;
}

async function build(name: NodeImage, where: string): Promise<BuiltImage> {
  const python = emptyFolder(work, 'python-stage');
  mkdirSync(join(python, 'opt/venv'), { recursive: true });
  return await assemble(name, {
    root: ROOT,
    work: emptyFolder(work, 'stages', where),
    context: join(work, 'context'),
    ...bases,
    made: { engine: engineRoot, python },
    env,
  });
}

async function push(name: string, image: BuiltImage): Promise<string> {
  // A layer that all images have in common, as the COPY that makes it is the first of each.
  const node = 'usr/local/bin/node';
  expect(statSync(join(image.files, node)).size).toBe(statSync(join(bases.node, node)).size);
  rmSync(join(image.files, node));
  const layer = await layerOf(image.files, join(work, 'app.tar.gz'));
  return await registry.push(name, [...baseLayers, layer], image);
}

/** Starts an unpacked image with what Terraform would set, as far as no cloud is asked for it. */
async function start(
  image: BuiltImage,
  rootfs: string,
  port: number,
  own: Record<string, string> = {},
): Promise<Running> {
  const secrets = join(rootfs, 'run/secrets');
  mkdirSync(secrets, { recursive: true });
  const keys = { active: 'v1', keys: { v1: Buffer.alloc(32, 7).toString('base64') } };
  rmSync(join(secrets, 'pii-keys.json'), { force: true });
  writeFileSync(join(secrets, 'pii-keys.json'), JSON.stringify(keys), { mode: 0o444 });
  const of = { rootfs, workdir: image.workdir, user: image.user, entrypoint: image.entrypoint };
  const direct = inTree(of);
  const begin = contained ? inContainer(of) : direct;
  const process = runProcess(begin.command, begin.args, {
    cwd: contained ? undefined : direct.cwd,
    env: {
      PATH: contained
        ? '/usr/local/bin:/opt/jre/bin:/usr/bin:/bin:/usr/sbin:/sbin'
        : `${direct.path}:${globalThis.process.env.PATH}`,
      ...Object.fromEntries(Object.entries(image.env).filter(([key]) => key !== 'PATH')),
      ...SETTINGS,
      METRICS: 'none',
      HOST: '127.0.0.1',
      PORT: String(port),
      PII_KEYS_FILE: contained ? '/run/secrets/pii-keys.json' : join(secrets, 'pii-keys.json'),
      ...own,
    },
  });
  running.push(process);
  return process;
}

async function serves(contents: Contents, image: BuiltImage, rootfs: string): Promise<void> {
  const silent = await silentServer();
  const port = await freePort();
  mkdirSync(join(rootfs, 'run'), { recursive: true });
  cpSync(join(work, 'registry.db'), join(rootfs, 'run/registry.db'));
  try {
    const service = await start(image, rootfs, port, {
      PGHOST: '127.0.0.1',
      PGPORT: String(silent.port),
      PGUSER: 'app',
      PGPASSWORD: 'app',
      PGDATABASE: 'app',
      REDIS_ADDRESS: `127.0.0.1:${silent.port}`,
      FEAST_REGISTRY: contained ? '/run/registry.db' : join(rootfs, 'run/registry.db'),
    });
    const answer = await service.answers(`http://127.0.0.1:${port}${contents.health}`);
    expect(answer.status).toBe(200);
    const [command, ...args] = image.healthcheck!;
    expect(command).toBe('node');
    const check = await execa(join(rootfs, 'usr/local/bin/node'), args, {
      cwd: join(rootfs, image.workdir),
      env: { PORT: String(port) },
      reject: false,
    });
    expect(check.exitCode).toBe(0);
    if (contained) expect(listenersOf(port)).toEqual(['65532']);
    await service.stop();
    const after = await execa(join(rootfs, 'usr/local/bin/node'), args, {
      cwd: join(rootfs, image.workdir),
      env: { PORT: String(port) },
      reject: false,
    });
    expect(after.exitCode).toBe(1);
  } finally {
    await silent.close();
  }
}

/** A job without arguments says what it takes, or what is missing, by a code of ours; it does not end as a fault of its code. */
async function refuses(image: BuiltImage, rootfs: string): Promise<void> {
  const job = await start(image, rootfs, await freePort());
  const status = await job.ended();
  expect(status).not.toBe(0);
  expect(job.output()).toMatch(/"code":"(USAGE|ARGUMENTS_INVALID|JOB_ARGUMENTS|CONFIG_INVALID)"/);
}

/** User numbers of the processes that listen on a port of the loopback. */
function listenersOf(port: number): string[] {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const LISTEN = '0A';
  const sockets = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return sockets
    .filter(([, address, , state]) => address === local && state === LISTEN)
    .map((fields) => fields[7] ?? '');
}
