import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import { commandFailed } from '../errors.ts';
import { isNotThere } from '../journal.ts';
import type { Places } from '../places.ts';
import { type Invocation, parseOutput, shown, type Tools } from '../tools.ts';
import { type ImageBuild, tagOf } from './artifacts.ts';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories.dockerImages; tags are a list or a text, by release */
const imagesSchema = z.array(
  z.object({
    package: z.string(),
    version: z.string().regex(DIGEST),
    tags: z
      .union([z.array(z.string()), z.string()])
      .optional()
      .transform((tags) => (typeof tags === 'string' ? tags.split(',').map((tag) => tag.trim()) : (tags ?? []))),
  }),
);

/**
 * Images of the registry by what they were built from: `<deployable>` → full reference by digest. Those that are not there are left out.
 */
export async function findImages(
  tools: Tools,
  { registry }: Places,
  images: readonly ImageBuild[],
): Promise<Map<string, string>> {
  const invocation: Invocation = {
    command: 'gcloud',
    args: ['artifacts', 'docker', 'images', 'list', registry, '--include-tags', '--format=json'],
  };
  const outcome = await tools.tryRead(invocation);
  if (outcome.exitCode !== 0) {
    // Neither the repository nor the API is there before the first deploy.
    if (isNotThere(outcome.stderr) || /SERVICE_DISABLED|has not been used/.test(outcome.stderr)) return new Map();
    throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
  }
  const listed = parseOutput(invocation, outcome.stdout, imagesSchema);
  const found = new Map<string, string>();
  for (const image of images) {
    const path = `${registry}/${image.deployable}`;
    const match = listed.find((entry) => entry.package === path && entry.tags.includes(tagOf(image)));
    if (match) found.set(image.deployable, `${path}@${match.version}`);
  }
  return found;
}

/** As `findImages`, for images that were pushed just now. @throws {UserError} IMAGE_MISSING */
export async function readDigests(
  tools: Tools,
  places: Places,
  images: readonly ImageBuild[],
): Promise<Map<string, string>> {
  const found = await findImages(tools, places, images);
  const missing = images.filter(({ deployable }) => !found.has(deployable));
  if (missing.length > 0) {
    throw new UserError(
      'IMAGE_MISSING',
      `The build ended well, but ${places.registry} has no ${missing.map((image) => `${image.deployable}:${tagOf(image)}`).join(', ')}. Look at the build's log; run the command again to build it anew.`,
    );
  }
  return found;
}
