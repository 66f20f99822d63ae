import { chmodSync, cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { pairsOf, type Stage } from './dockerfile.ts';

/** What the last stage makes: a root file system, and how its process starts. */
export interface BuiltImage {
  /** Files of the last stage without those of its base image. */
  readonly files: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  /** Command of HEALTHCHECK; undefined for NONE. */
  readonly healthcheck: readonly string[] | undefined;
}

export interface BuildPorts {
  /** The build context, already without what .dockerignore names. */
  readonly context: string;
  /** An empty folder for the stages' root file systems. */
  readonly work: string;
  /**
   * Roots of base images by the name of their argument. A stage on one that is absent here is not carried out: its root is in `made`.
   */
  readonly bases: Readonly<Record<string, string>>;
  /** What stages hold that need an image of their own, such as Maven's, by name. */
  readonly made: Readonly<Record<string, string>>;
  /** What RUN finds beside the host's own environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Carries out a Dockerfile without an engine, stage by stage in folders: COPY as Docker copies, RUN by the host's shell in the stage's folder with absolute
 * paths moved there. What it cannot show: that the real base images hold what ours stand in for.
 */
export async function buildStages(stages: readonly Stage[], ports: BuildPorts): Promise<BuiltImage> {
  const roots: Record<string, string> = { ...ports.made };
  const last = stages.at(-1)!;
  for (const [index, stage] of stages.entries()) {
    const known = ports.bases[stage.base] ?? roots[stage.base];
    if (stage !== last && known === undefined) continue;
    const root = join(ports.work, stage.name ?? String(index));
    mkdirSync(root, { recursive: true });
    // The base's own files are a layer of their own below the last stage.
    // As links: Node alone is 120 MB, and no stage changes a file of its base.
    if (stage !== last && known !== undefined) await execa('cp', ['-Rl', `${known}/.`, root]);
    const built = await carryOut(stage, root, roots, ports);
    if (stage === last) return built;
    if (stage.name !== undefined) roots[stage.name] = root;
  }
  throw new Error('the Dockerfile has no stage');
}

async function carryOut(
  stage: Stage,
  root: string,
  roots: Readonly<Record<string, string>>,
  ports: BuildPorts,
): Promise<BuiltImage> {
  const image = {
    files: root,
    env: {} as Record<string, string>,
    labels: {} as Record<string, string>,
    user: '',
    workdir: '/',
    entrypoint: [] as string[],
    healthcheck: undefined as string[] | undefined,
  };
  for (const { name, value } of stage.instructions) {
    if (name === 'WORKDIR') {
      image.workdir = resolve(image.workdir, value);
      mkdirSync(join(root, image.workdir), { recursive: true });
    } else if (name === 'COPY') copy(value, root, image.workdir, roots, ports.context);
    else if (name === 'RUN') {
      const command = value.replaceAll(/(?<=\s)\/(?=\w)/g, `${root}/`);
      await execa('sh', ['-euc', command], {
        cwd: join(root, image.workdir),
        env: { ...ports.env, ...image.env, PATH: `${ports.env.PATH ?? ''}:${process.env.PATH}` },
        stdin: 'ignore',
      });
    } else if (name === 'ENV') Object.assign(image.env, pairsOf(value));
    else if (name === 'LABEL') Object.assign(image.labels, pairsOf(value));
    else if (name === 'USER') image.user = value;
    else if (name === 'ENTRYPOINT') image.entrypoint = JSON.parse(value) as string[];
    else if (name === 'HEALTHCHECK')
      image.healthcheck = value === 'NONE' ? undefined : (JSON.parse(value.split('CMD ')[1]!) as string[]);
    else if (name !== 'ARG' && name !== 'EXPOSE') throw new Error(`${name} is not understood`);
  }
  return image;
}

/** A folder's contents go into the target; a file becomes the target, or goes into it where that is a folder. */
function copy(
  value: string,
  root: string,
  workdir: string,
  roots: Readonly<Record<string, string>>,
  context: string,
): void {
  const [, stage, paths = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(value) ?? [];
  const from = stage === undefined ? context : roots[stage];
  if (from === undefined) throw new Error(`COPY --from=${stage}: there is no such stage before this one`);
  const sources = paths.split(/\s+/);
  const target = sources.pop()!;
  const to = join(root, resolve(workdir, target));
  for (const source of sources) {
    const path = join(from, source);
    const isFolder = statSync(path).isDirectory();
    const intoFolder = target.endsWith('/') || (existsSync(to) && statSync(to).isDirectory());
    const destination = isFolder || !intoFolder ? to : join(to, basename(source));
    mkdirSync(dirname(destination), { recursive: true });
    cpSync(path, destination, { recursive: true, verbatimSymlinks: true });
    if (isFolder) chmodSync(destination, 0o755);
  }
}
