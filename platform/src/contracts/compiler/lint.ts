import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TransientError, UserError } from '../../errors/index.ts';

const run = promisify(execFile);

/** It takes about a second; a machine with everything else starting is slower. */
const LINT_TIMEOUT_MS = 60_000;

/** Checks a contract against the standard's own schema with datacontract-cli. Nothing is fetched. @throws {UserError} CONTRACT_INVALID with what it found. */
export async function lintContract(file: string): Promise<void> {
  try {
    await run('datacontract', ['lint', '--no-inline-references', file], {
      timeout: LINT_TIMEOUT_MS,
      env: { ...process.env, NO_COLOR: '1', COLUMNS: '160' },
    });
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { stdout?: string; stderr?: string; killed?: boolean };
    if (failure.code === 'ENOENT') {
      throw new UserError('LINT_TOOL_MISSING', 'datacontract is not on PATH; run npm run setup, or pass --no-lint.', {
        cause: error,
      });
    }
    if (failure.killed)
      throw new TransientError(
        'LINT_TIMEOUT',
        `datacontract lint ${file} took over ${LINT_TIMEOUT_MS / 1000} s; run it again.`,
      );
    const output = `${failure.stdout ?? ''}\n${failure.stderr ?? ''}`.trim();
    throw new UserError('CONTRACT_INVALID', `${file}: datacontract lint refuses it:\n${output}`, { cause: error });
  }
}
