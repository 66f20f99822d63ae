import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../options.ts';
import type { Places } from '../places.ts';
import type { Tools } from '../tools.ts';
import { type Artifacts, type ImageBuild, tagOf } from './artifacts.ts';

/** terraform/deployables.yaml says what it may do. */
export const BUILDER_ACCOUNT = 'tributary-builder';

/** Eight processors: the builds of all images run side by side. https://cloud.google.com/build/pricing */
const MACHINE_TYPE = 'E2_HIGHCPU_8';
/** Of all images, from nothing. */
const TIMEOUT_SECONDS = 3600;

/**
 * The build that makes images, in the form of cloudbuild.yaml. Its steps run at once; what they make is pushed at the end, all or none, with provenance
 * that Cloud Build signs (`requestedVerifyOption`). https://cloud.google.com/build/docs/build-config-file-schema
 */
export function buildConfiguration(
  { images, builder }: Pick<Artifacts, 'images' | 'builder'>,
  target: Target,
  places: Places,
): object {
  const reference = (image: ImageBuild): string => `${places.registry}/${image.deployable}:${tagOf(image)}`;
  return {
    steps: images.map((image) => ({
      id: image.deployable,
      name: builder,
      waitFor: ['-'],
      env: ['DOCKER_BUILDKIT=1'],
      args: [
        'build',
        `--file=${image.dockerfile}`,
        `--tag=${reference(image)}`,
        ...(image.target ? [`--target=${image.target}`] : []),
        ...Object.entries(image.buildArguments).map(([name, value]) => `--build-arg=${name}=${value}`),
        '.',
      ],
    })),
    images: images.map(reference),
    options: {
      requestedVerifyOption: 'VERIFIED',
      machineType: MACHINE_TYPE,
      // An account of our own has no bucket for logs.
      logging: 'CLOUD_LOGGING_ONLY',
    },
    serviceAccount: `projects/${target.project}/serviceAccounts/${BUILDER_ACCOUNT}@${target.project}.iam.gserviceaccount.com`,
    timeout: `${TIMEOUT_SECONDS}s`,
    tags: ['tributary', target.environment],
  };
}

/** Builds images on Cloud Build and pushes them. */
export async function buildOnCloudBuild(
  tools: Tools,
  target: Target,
  places: Places,
  wanted: Pick<Artifacts, 'images' | 'builder'>,
  root: string,
): Promise<void> {
  mkdirSync(places.work, { recursive: true, mode: 0o700 });
  const file = join(places.work, 'cloudbuild.json');
  writeFileSync(file, `${JSON.stringify(buildConfiguration(wanted, target, places), null, 2)}\n`);
  await tools.change({
    command: 'gcloud',
    args: [
      ...['builds', 'submit', root, `--config=${file}`, `--project=${target.project}`, `--region=${target.region}`],
      // Not the bucket that gcloud would make: that one lies in the US whatever the region.
      `--gcs-source-staging-dir=gs://${places.artifactsBucket}/cloud-build`,
    ],
    stream: true,
  });
}
