import { UserError } from '@tributary/platform/errors';

/** Which pins of the lock file have no digest yet, by the name they have there. */
export interface Lock {
  readonly unfilled: readonly string[];
}

/** @throws {UserError} PINS_MISSING when a base image has no digest: a build from a tag is not the one that was tested */
export async function checkLock({ unfilled }: Lock): Promise<void> {
  if (unfilled.length === 0) return;
  throw new UserError(
    'PINS_MISSING',
    `deploy/images/images.lock.json has no digest for ${unfilled.join(', ')}. Run "npm run pin" where registries can be reached, and commit the file.`,
  );
}
