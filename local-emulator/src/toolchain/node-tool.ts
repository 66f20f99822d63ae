import { copyFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { cached, inputsHash } from './cache.ts';
import { run } from './run.ts';

const MANIFESTS = ['package.json', 'package-lock.json'];

/**
 * Installs a command-line tool with hundreds of dependencies from a lock file of its own into the cache, so that none of them enters the workspaces: what
 * we deploy neither holds them nor resolves to their versions, and an audit of the product is not one of the tool. Install scripts do not run.
 *
 * @param folder the tool's, with package.json and package-lock.json, below `root`
 * @returns its node_modules
 * @throws {UserError} SETUP_FAILED
 */
export async function ensureNodeTool(root: string, folder: string): Promise<string> {
  const source = join(root, folder);
  const manifests = MANIFESTS.map((file) => relative(root, join(source, file)));
  const key = `node-${basename(dirname(source))}-${inputsHash(root, manifests)}`;
  const entry = await cached(key, async (target) => {
    for (const file of MANIFESTS) copyFileSync(join(source, file), join(target, file));
    // Not "npm ci", for the reason that bootstrap.mjs gives; this lock file is a copy.
    await run(
      'npm',
      ['install', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: target,
        // Inside of "npm run …" npm would otherwise take the repository for the place to install to.
        env: { npm_config_local_prefix: target },
        timeoutMinutes: 10,
      },
    );
  });
  return join(entry, 'node_modules');
}
