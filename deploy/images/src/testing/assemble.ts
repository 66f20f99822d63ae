import { chmodSync, cpSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
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

/** Root file systems that stand in for `node:…` and `gcr.io/distroless/cc`, the latter with the libraries of Node and of other programs. */
export async function writeBases(
  folder: string,
  node: string,
  others: readonly string[],
): Promise<{ node: string; distroless: string }> {
  const bases = { node: join(folder, 'node'), distroless: join(folder, 'distroless') };
  mkdirSync(join(bases.node, 'usr/local/bin'), { recursive: true });
  cpSync(realpathSync(node), join(bases.node, 'usr/local/bin/node'));
  chmodSync(join(bases.node, 'usr/local/bin/node'), 0o755);
  mkdirSync(bases.distroless, { recursive: true });
  await writeBase(bases.distroless, [node, ...others]);
  return bases;
}
