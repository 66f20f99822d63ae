import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { execa } from 'execa';
import { IMAGES, type ImageName } from '../images.ts';
import { writeBase } from './base.ts';
import { stagesOf } from './dockerfile.ts';
import { type BuiltImage, buildStages } from './stages.ts';

/** Deployables whose image is Node's, in whole or, where Python runs the work, in its first process. */
export type NodeImage = Exclude<ImageName, 'feast-sidecar' | 'pipeline' | 'pipeline-flink'>;

export interface AssemblyPorts {
  readonly root: string;
  /** An empty folder. */
  readonly work: string;
  readonly context: string;
  /** Root file systems of base images: `node`, `distroless`. */
  readonly node: string;
  readonly distroless: string;
  readonly made: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Carries out an image's Dockerfile on stand-ins of its base images. */
export async function assemble(image: NodeImage, ports: AssemblyPorts): Promise<BuiltImage> {
  const { dockerfile } = IMAGES[image];
  const stages = stagesOf(readFileSync(join(ports.root, dockerfile), 'utf8'));
  // Only what the last stage is made of: Feast's own server in the same file needs Python throughout.
  const wanted = stages.filter((stage) => stage.name !== 'sidecar');
  return await buildStages(wanted, {
    context: ports.context,
    work: ports.work,
    bases: { NODE: ports.node, DISTROLESS: ports.distroless },
    made: ports.made,
    env: ports.env,
  });
}

/** The build context: what git knows or would add, without what .dockerignore names. */
export async function writeContext(root: string, context: string): Promise<void> {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const { stdout } = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const files = stdout
    .split('\0')
    .filter((file) => file !== '')
    .filter((file) => !ignored.some((pattern) => matchesGlob(file, pattern) || matchesGlob(file, `${pattern}/**`)));
  for (const file of files) cpSync(join(root, file), join(context, file), { recursive: true, force: true });
}

/** Root file systems that stand in for `node:…` and `gcr.io/distroless/cc`. */
export async function writeBases(folder: string, node: string): Promise<{ node: string; distroless: string }> {
  const bases = { node: join(folder, 'node'), distroless: join(folder, 'distroless') };
  mkdirSync(join(bases.node, 'usr/local/bin'), { recursive: true });
  cpSync(realpathSync(node), join(bases.node, 'usr/local/bin/node'));
  chmodSync(join(bases.node, 'usr/local/bin/node'), 0o755);
  mkdirSync(bases.distroless, { recursive: true });
  await writeBase(bases.distroless, [node]);
  return bases;
}

/** Every file, folder and link below a folder, from it, sorted. */
export function pathsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
