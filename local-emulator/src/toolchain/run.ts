import { UserError } from '@tributary/platform/errors';
import { execa } from 'execa';

/** How much of a failed command's output its error shows: enough for the cause, not a screen of noise. */
const SHOWN_LINES = 15;

/**
 * Runs a set-up command to its end and returns its standard output.
 *
 * @throws {UserError} SETUP_FAILED with the command, its last lines and what usually causes it
 */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; timeoutMinutes: number; progress?: (line: string) => void },
): Promise<string> {
  const child = execa(command, args, {
    cwd: options.cwd,
    env: options.env,
    all: true,
    stdin: 'ignore',
    timeout: options.timeoutMinutes * 60_000,
    reject: false,
    cleanup: true,
  });
  if (options.progress !== undefined) {
    for await (const line of child.iterable({ from: 'all' })) options.progress(String(line));
  }
  const result = await child;
  if (!result.failed) return result.stdout;
  const tail = String(result.all ?? result.shortMessage)
    .trimEnd()
    .split('\n')
    .slice(-SHOWN_LINES)
    .join('\n  ');
  const how = result.timedOut
    ? `did not end within ${options.timeoutMinutes} minutes`
    : `failed (exit status ${result.exitCode ?? result.signal ?? result.code})`;
  throw new UserError(
    'SETUP_FAILED',
    `"${command} ${args.join(' ')}" ${how}. Usual causes: no network or a package registry that does not answer, or a full disk. Its last lines:\n  ${tail}`,
  );
}
