import { execFileSync } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  baseImage,
  CONTENTS,
  type Deployable,
  fromSource,
  imageBuild,
  readLock as readImageLock,
  sourcePackage,
  writePackage,
} from '@tributary/images';
import { UserError } from '@tributary/platform/errors';
import { type Deployables, names } from '../deployables.ts';
import type { Lock } from '../prerequisites/lock.ts';
import type { Artifacts, FunctionPackage, ImageBuild } from './artifacts.ts';

/** Base images that `npm run pin` has not found digests for. */
export function readLock(root: string): Lock {
  const { images } = readImageLock(root);
  return {
    unfilled: Object.entries(images)
      .filter(([, { digest }]) => digest === null)
      .map(([name]) => name),
  };
}

/**
 * What the working tree would be deployed as: images and packages of everything in terraform/deployables.yaml.
 *
 * @throws {UserError} what packaging says of the tree; NOT_A_CLONE
 */
export function readWorkingTree(root: string, deployables: Deployables): Artifacts {
  const [template] = names(deployables, ['flex-template']);
  if (template === undefined)
    throw new UserError('DEPLOYABLES_INVALID', 'terraform/deployables.yaml has no flex-template.');
  return {
    builder: baseImage(readImageLock(root), 'CLOUD_BUILD_DOCKER'),
    images: names(deployables, ['service', 'job', 'flex-template']).map((name) => readImage(root, name)),
    functions: names(deployables, ['function']).map((name) => readFunction(root, name)),
    template: {
      deployable: template,
      metadataFile: join(root, deployables[template]!.source, 'flex-template', 'metadata.json'),
    },
  };
}

function readImage(root: string, deployable: string): ImageBuild {
  const { dockerfile, target, buildArgs } = imageBuild(root, deployable, revision(root));
  return {
    deployable,
    dockerfile,
    context: root,
    target,
    buildArguments: buildArgs,
    contentHash: contentHash(root, deployable, dockerfile, target, buildArgs),
  };
}

function readFunction(root: string, name: string): FunctionPackage {
  const deployable = fromSource().find((known) => known === name);
  if (deployable === undefined)
    throw new UserError(
      'NO_SUCH_DEPLOYABLE',
      `terraform/deployables.yaml has a function ${name} that deploy/images cannot package.`,
    );
  const { sha256, archive } = writePackage(root, deployable);
  return { deployable: name, contentHash: sha256, write: () => archive };
}

/** `COPY [--chown=…] from… to` of the build's context, not of another stage. */
const COPIES = /^COPY\s+(?!--from=)((?:--\S+\s+)*)(.+)$/gm;
/** Arguments that say when and of which commit an image is, and not what is in it. */
const ONLY_LABELS: ReadonlySet<string> = new Set(['REVISION', 'SOURCE_DATE_EPOCH']);
/** What cuts a deployable's package out of the whole repository, inside a build. */
const PACKER = ['deploy/images/src', 'deploy/images/runtime'];

/**
 * A hash of everything that decides what is in an image: its Dockerfile, its base images by digest, and the files that it copies. Where a Dockerfile copies
 * the whole repository to cut the deployable's package out of it, that package counts, not the repository.
 */
function contentHash(
  root: string,
  deployable: string,
  dockerfile: string,
  target: string | undefined,
  buildArguments: Readonly<Record<string, string>>,
): string {
  const text = readFileSync(join(root, dockerfile), 'utf8');
  const hash = createHash('sha256');
  add(hash, 'Dockerfile', text);
  add(hash, 'target', target ?? '');
  for (const [name, value] of Object.entries(buildArguments).sort()) if (!ONLY_LABELS.has(name)) add(hash, name, value);
  const copied = [...text.matchAll(COPIES)].flatMap(([, , paths = '']) => paths.trim().split(/\s+/).slice(0, -1));
  const whole = copied.includes('.');
  if (whole && Object.hasOwn(CONTENTS, deployable)) {
    const { manifests, sources } = sourcePackage(root, deployable as Deployable);
    for (const [path, bytes] of [...manifests, ...sources]) add(hash, path, bytes);
  }
  const folders = whole ? [...copied.filter((path) => path !== '.'), ...PACKER] : copied;
  for (const path of filesOf(root, folders)) add(hash, path, readFileSync(join(root, path)));
  return hash.digest('hex');
}

/** Names and contents with their lengths: no two trees give the same bytes. */
function add(hash: Hash, name: string, content: string | Uint8Array): void {
  hash.update(`${Buffer.byteLength(name)}:${name}:${Buffer.byteLength(content)}:`).update(content);
}

/** Files of the clone at or below paths, tracked or new, without what git ignores. */
function filesOf(root: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  return git(root, ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...paths])
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .sort();
}

function revision(root: string): { revision: string; time: number } {
  const [commit = '', time = ''] = git(root, ['log', '-1', '--format=%H %ct']).trim().split(' ');
  return { revision: commit, time: Number(time) };
}

function git(root: string, args: readonly string[]): string {
  try {
    return execFileSync('git', args as string[], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    throw new UserError(
      'NOT_A_CLONE',
      'A deploy is of a clone of the repository, with git on PATH: what is built is told apart by its files.',
      {
        cause: error,
      },
    );
  }
}
