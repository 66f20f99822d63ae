import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';

/** From the repository's root. */
export const LOCK_FILE = 'deploy/images/images.lock.json';

const lockSchema = z.strictObject({
  /** By the name of the ARG that Dockerfiles take it as. */
  images: z.record(
    z.string().regex(/^[A-Z][A-Z0-9_]*$/),
    z.strictObject({
      /** Where `npm run pin` looks: registry, repository and tag. */
      tag: z.string().regex(/^[^@\s]+\/[^@\s]+:[^@\s/]+$/),
      /** What builds take; null until `npm run pin` has asked the registry. */
      digest: z
        .string()
        .regex(/^sha256:[0-9a-f]{64}$/)
        .nullable(),
    }),
  ),
  /** GitHub Actions by `owner/repository@ref`, and the commit that the ref stood for. */
  actions: z.record(
    z.string(),
    z
      .string()
      .regex(/^[0-9a-f]{40}$/)
      .nullable(),
  ),
});

/** Digests of base images and commits of GitHub Actions, as registries and GitHub gave them. */
export type BaseImageLock = z.infer<typeof lockSchema>;

/** @throws {UserError} LOCK_INVALID naming the member that is wrong */
export function readLock(root: string): BaseImageLock {
  const file = join(root, LOCK_FILE);
  if (!existsSync(file)) throw new UserError('LOCK_INVALID', `${LOCK_FILE} is not there; take it from git.`);
  try {
    return lockSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
        : (error as Error).message;
    throw new UserError(
      'LOCK_INVALID',
      `${LOCK_FILE} is not as it should be (${why}). Take it from git and run "npm run pin".`,
      { cause: error },
    );
  }
}

export function writeLock(root: string, lock: BaseImageLock): void {
  writeFileSync(join(root, LOCK_FILE), `${JSON.stringify(lock, null, 2)}\n`);
}

/**
 * A base image as a build takes it: repository, tag and digest, of which the digest decides.
 *
 * @throws {UserError} BASE_IMAGE_UNKNOWN when no such name is in the lock file; BASE_IMAGE_UNPINNED when it has no digest yet
 */
export function baseImage(lock: BaseImageLock, name: string): string {
  const image = lock.images[name];
  if (!image)
    throw new UserError(
      'BASE_IMAGE_UNKNOWN',
      `${LOCK_FILE} has no image ${name}; add its tag there, with the digest null, and run "npm run pin".`,
    );
  if (image.digest === null)
    throw new UserError(
      'BASE_IMAGE_UNPINNED',
      `${image.tag} (${name}) has no digest in ${LOCK_FILE}. Run "npm run pin" where its registry can be reached, and commit the file.`,
    );
  return `${image.tag}@${image.digest}`;
}
