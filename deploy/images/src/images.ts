import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { baseImage, readLock } from './base-images.ts';

interface Image {
  readonly dockerfile: string;
  /** Stage to build; absent where the last one is meant. */
  readonly target?: string;
}

/** Every image, by the last part of its name in the registry. All are built from the repository's root. */
export const IMAGES = {
  'debezium-bridge': { dockerfile: 'run-services/debezium-bridge/Dockerfile' },
  'feast-server': { dockerfile: 'run-services/feast-server/Dockerfile', target: 'server' },
  'feast-sidecar': { dockerfile: 'run-services/feast-server/Dockerfile', target: 'sidecar' },
  seeder: { dockerfile: 'run-services/seeder/Dockerfile' },
  'warehouse-api': { dockerfile: 'functions/warehouse-api/Dockerfile' },
  replay: { dockerfile: 'run-services/replay/Dockerfile' },
  erase: { dockerfile: 'run-services/erase/Dockerfile' },
  dbt: { dockerfile: 'dbt/Dockerfile' },
  'great-expectations': { dockerfile: 'great_expectations/Dockerfile' },
  feast: { dockerfile: 'feast/Dockerfile' },
  pipeline: { dockerfile: 'dataflow-flink/Dockerfile', target: 'flex-template' },
  'pipeline-flink': { dockerfile: 'dataflow-flink/Dockerfile', target: 'flink' },
} as const satisfies Record<string, Image>;

export type ImageName = keyof typeof IMAGES;

/** What a builder is told: `docker buildx build --file … --target … --build-arg …  <context>`. */
export interface ImageBuild {
  /** From the repository's root, which is the context. */
  readonly dockerfile: string;
  readonly target: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/**
 * How an image is built: with base images by digest, and its times taken from the commit, so that the same commit gives the same image
 * (with BuildKit's `rewrite-timestamp=true`).
 *
 * @param commit the revision, and its time in seconds since 1970
 * @throws {UserError} NO_SUCH_IMAGE; BASE_IMAGE_UNPINNED, naming `npm run pin`
 */
export function imageBuild(
  root: string,
  name: string,
  commit: { readonly revision: string; readonly time: number },
): ImageBuild {
  if (!Object.hasOwn(IMAGES, name))
    throw new UserError('NO_SUCH_IMAGE', `There is no image "${name}"; there are ${Object.keys(IMAGES).join(', ')}.`);
  const { dockerfile, target }: Image = IMAGES[name as ImageName];
  const lock = readLock(root);
  const bases = baseArguments(readFileSync(join(root, dockerfile), 'utf8'));
  return {
    dockerfile,
    target,
    buildArgs: {
      ...Object.fromEntries(bases.map((base) => [base, baseImage(lock, base)])),
      REVISION: commit.revision,
      // BuildKit's own. https://docs.docker.com/build/ci/github-actions/reproducible-builds/
      SOURCE_DATE_EPOCH: String(commit.time),
    },
  };
}

/** The same as options of `docker buildx build`, of which none holds a space. */
export function buildOptions({ dockerfile, target, buildArgs }: ImageBuild): string[] {
  return [
    `--file=${dockerfile}`,
    ...(target === undefined ? [] : [`--target=${target}`]),
    ...Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
  ];
}

/** The base images that a Dockerfile asks for: the arguments before its first stage. */
export function baseArguments(dockerfile: string): string[] {
  const [before = ''] = dockerfile.split(/^FROM /m);
  return [...before.matchAll(/^ARG ([A-Z_][A-Z0-9_]*)$/gm)].map(([, name = '']) => name);
}
