import { TransientError } from '@tributary/platform/errors';
import { execa } from 'execa';

/** A registry answers within a second or so; a proxy that drops packets does not answer at all. */
const TIMEOUT_MS = 60_000;

/**
 * The digest that a tag stands for now: of the index where the image is there for several platforms.
 *
 * @param crane path of the program, which asks with the credentials of `docker login` where there are some
 * @throws {TransientError} REGISTRY_UNREACHABLE with what crane said
 */
export async function digestOf(tag: string, crane: string): Promise<string> {
  const result = await execa(crane, ['digest', tag], { timeout: TIMEOUT_MS, reject: false, stdin: 'ignore' });
  const digest = result.stdout?.trim() ?? '';
  if (!result.failed && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
  const said = result.timedOut
    ? `no answer within ${TIMEOUT_MS / 1_000} s`
    : result.stderr.trim() || result.shortMessage;
  throw new TransientError(
    'REGISTRY_UNREACHABLE',
    `The digest of ${tag} could not be read: ${said}. Check that its registry can be reached from here and that the tag is there.`,
  );
}
