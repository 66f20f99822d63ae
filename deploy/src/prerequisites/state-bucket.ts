import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import { commandFailed } from '../errors.ts';
import { isNotThere } from '../journal.ts';
import type { Target } from '../options.ts';
import type { Places } from '../places.ts';
import { type Invocation, parseOutput, shown, type Tools } from '../tools.ts';
import type { CheckContext } from './check.ts';

/** `unversioned`: there, and one bad write would lose the state. */
export type StateBucket = 'ready' | 'unversioned' | 'missing';

/** gcloud's own form of a bucket (`--raw` would be the API's). */
const bucketSchema = z.object({
  versioning_enabled: z.boolean().optional(),
  public_access_prevention: z.string().optional(),
});

/** @throws {UserError} STATE_BUCKET_TAKEN when the name belongs to somebody else */
export async function checkStateBucket({ tools, places: { stateBucket } }: CheckContext): Promise<StateBucket> {
  const invocation: Invocation = {
    command: 'gcloud',
    args: ['storage', 'buckets', 'describe', `gs://${stateBucket}`, '--format=json'],
  };
  const outcome = await tools.tryRead(invocation);
  if (outcome.exitCode === 0)
    return parseOutput(invocation, outcome.stdout, bucketSchema).versioning_enabled ? 'ready' : 'unversioned';
  if (isNotThere(outcome.stderr)) return 'missing';
  if (/\b403\b|does not have/.test(outcome.stderr))
    throw new UserError(
      'STATE_BUCKET_TAKEN',
      `The bucket ${stateBucket} exists and you may not see it. If it is this project's, ask for roles/storage.admin on it; bucket names are shared by the whole world, so it may be somebody else's.`,
    );
  throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
}

/** Makes the bucket of Terraform's state, and keeps versions in it: a state that was overwritten can be taken back. */
export async function prepareStateBucket(
  tools: Tools,
  { project, region }: Target,
  { stateBucket }: Places,
  found: StateBucket,
): Promise<void> {
  if (found === 'missing') {
    await tools.change({
      command: 'gcloud',
      args: [
        ...['storage', 'buckets', 'create', `gs://${stateBucket}`, `--project=${project}`, `--location=${region}`],
        ...['--uniform-bucket-level-access', '--public-access-prevention'],
      ],
    });
  }
  if (found !== 'ready') {
    await tools.change({
      command: 'gcloud',
      args: ['storage', 'buckets', 'update', `gs://${stateBucket}`, '--versioning'],
    });
  }
}
