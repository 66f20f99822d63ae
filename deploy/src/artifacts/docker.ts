import type { Target } from '../options.ts';
import type { Places } from '../places.ts';
import type { Tools } from '../tools.ts';
import { type ImageBuild, tagOf } from './artifacts.ts';

/** What Cloud Run runs. https://cloud.google.com/run/docs/container-contract#languages */
const PLATFORM = 'linux/amd64';

/** Builds images on this machine, one after another, and pushes them. Such images have no provenance: those of CI and of Cloud Build do. */
export async function buildWithDocker(
  tools: Tools,
  { region }: Target,
  { registry }: Places,
  images: readonly ImageBuild[],
): Promise<void> {
  await tools.change({ command: 'gcloud', args: ['auth', 'configure-docker', `${region}-docker.pkg.dev`, '--quiet'] });
  for (const image of images) {
    await tools.change({
      command: 'docker',
      args: [
        ...['buildx', 'build', `--platform=${PLATFORM}`, '--push', '--provenance=false'],
        `--file=${image.dockerfile}`,
        `--tag=${registry}/${image.deployable}:${tagOf(image)}`,
        ...(image.target ? [`--target=${image.target}`] : []),
        ...Object.entries(image.buildArguments).map(([name, value]) => `--build-arg=${name}=${value}`),
        '.',
      ],
      cwd: image.context,
      stream: true,
    });
  }
}
