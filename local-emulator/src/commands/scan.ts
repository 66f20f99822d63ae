import { existsSync } from 'node:fs';
import { UserError } from '@tributary/platform/errors';
import { execa } from 'execa';
import { ROOT } from '../instance/machine.ts';
import { installGo } from '../toolchain/go.ts';

/** Reads lock files and images, and asks osv.dev for what is known of each version. Its go.mod asks for Go 1.27, which an older go command fetches by itself. */
const OSV_SCANNER = {
  key: 'osv-scanner-2.6.0',
  module: 'github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.6.0',
  program: 'osv-scanner',
};
/** Looks through every commit, and needs no network. */
const GITLEAKS = { key: 'gitleaks-8.30.1', module: 'github.com/zricethezav/gitleaks/v8@v8.30.1', program: 'gitleaks' };

/** All that name versions of somebody else's code. */
const LOCK_FILES = [
  'package-lock.json',
  'uv.lock',
  'dataflow-flink/pom.xml',
  'run-services/debezium-bridge/engine/pom.xml',
];

/**
 * Looks for known weaknesses or for secrets; ends with a status other than 0 where there are some.
 *
 * @param what `dependencies` (npm, PyPI, Maven), `secrets` (all commits), or `image` with the file of one (`docker save`)
 * @throws {UserError} NO_SUCH_SCAN, NO_SUCH_FILE, SETUP_FAILED
 */
export async function scan(what: string, file: string | undefined): Promise<void> {
  if (what === 'secrets') return await tool(GITLEAKS, ['git', '.', '--no-banner', '--redact', '--verbose']);
  if (what === 'dependencies')
    return await tool(OSV_SCANNER, ['scan', 'source', ...LOCK_FILES.flatMap((name) => ['--lockfile', name])]);
  if (what !== 'image')
    throw new UserError(
      'NO_SUCH_SCAN',
      `There is no scan "${what}"; there are dependencies, secrets and image <file>.`,
    );
  if (file === undefined || !existsSync(file))
    throw new UserError(
      'NO_SUCH_FILE',
      `${file ?? 'No file'} is there to scan; save an image first: docker save <image> -o image.tar`,
    );
  await tool(OSV_SCANNER, ['scan', 'image', '--archive', file]);
}

async function tool({ key, module, program }: typeof GITLEAKS, args: string[]): Promise<void> {
  const path = await installGo(key, module, program);
  const { exitCode } = await execa(path, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], reject: false });
  process.exitCode = exitCode ?? 1;
}
