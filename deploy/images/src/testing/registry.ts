import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { freePort } from './process.ts';
import type { BuiltImage } from './stages.ts';

/** A registry of images on this machine's loopback, in memory. */
export interface LoopbackRegistry {
  readonly host: string;
  /** Makes an image of layers, each a compressed tar file, and answers its digest. */
  push(name: string, layers: readonly string[], image: BuiltImage): Promise<string>;
  /** Unpacks an image as an engine does, with its owners where this user may, and answers its configuration and what it lists. */
  pull(name: string, digest: string, folder: string): Promise<{ config: ImageConfig; entries: TarEntry[] }>;
  stop(): Promise<void>;
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md */
export interface ImageConfig {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
}

/** A file of an image as its tar file has it. */
export interface TarEntry {
  readonly path: string;
  /** As `ls -l` shows it. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly bytes: number;
}

export async function startRegistry(crane: string): Promise<LoopbackRegistry> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const server = execa(crane, ['registry', 'serve', '--address', host], { reject: false, stdin: 'ignore' });
  await untilServing(host, server);
  const run = async (...args: string[]): Promise<string> =>
    (await execa(crane, args, { stdin: 'ignore' })).stdout.trim();
  return {
    host,
    async push(name, layers, { env, labels, user, workdir, entrypoint }) {
      const plain = `${host}/${name}:layers`;
      await run('append', ...layers.flatMap((layer) => ['-f', layer]), '-t', plain);
      const settings = [
        ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      ];
      const platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
      await run(
        'mutate',
        plain,
        '-t',
        `${host}/${name}:built`,
        '--user',
        user,
        '--workdir',
        workdir,
        '--set-platform',
        platform,
        '--entrypoint',
        entrypoint.join(','),
        ...settings,
      );
      return await run('digest', `${host}/${name}:built`);
    },
    async pull(name, digest, folder) {
      const reference = `${host}/${name}@${digest}`;
      mkdirSync(folder, { recursive: true });
      const tar = join(folder, '..', 'export.tar');
      await run('export', reference, tar);
      await execa('tar', ['-xpf', tar, '-C', folder]);
      const listed = await execa('tar', ['--numeric-owner', '--full-time', '-tvf', tar], { maxBuffer: 1024 ** 3 });
      const config = (JSON.parse(await run('config', reference)) as { config: ImageConfig }).config;
      return { config, entries: listed.stdout.split('\n').map(entryOf) };
    },
    async stop() {
      server.kill('SIGTERM');
      await server;
    },
  };
}

/** One layer of a folder's files: root's, without their times, in the order of their names, so that the same files are the same layer. */
export async function layerOf(folder: string, file: string): Promise<string> {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  await execa('tar', [...same, '--use-compress-program=gzip -n -1', '-C', folder, '-cf', file, '.']);
  return file;
}

function entryOf(line: string): TarEntry {
  const [, mode = '', uid, gid, bytes, path = ''] =
    /^(\S+) (\d+)\/(\d+)\s+(\d+) \S+ \S+ (?:\.\/)?(.*)$/.exec(line) ?? [];
  return { mode, uid: Number(uid), gid: Number(gid), bytes: Number(bytes), path: path.split(' -> ')[0]! };
}

async function untilServing(host: string, server: ResultPromise): Promise<void> {
  let ended = false;
  server.then(() => {
    ended = true;
  });
  while (!ended) {
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('crane registry serve ended before it answered');
}
