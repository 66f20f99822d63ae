import { checkPinned, LOCK_FILE, pin } from '@tributary/images';
import { ROOT } from '../instance/machine.ts';
import { ensureCrane } from '../toolchain/crane.ts';

/** Fills the lock file of base images and GitHub Actions; with `check`, only says what of it is missing. */
export async function pinVersions(options: { check: boolean }): Promise<void> {
  if (options.check) {
    checkPinned(ROOT);
    process.stdout.write('Every base image and every action is pinned.\n');
    return;
  }
  const { GITHUB_API_URL, GITHUB_TOKEN } = process.env;
  const report = await pin({
    root: ROOT,
    crane: await ensureCrane((line) => process.stdout.write(`${line}\n`)),
    github: { api: GITHUB_API_URL || 'https://api.github.com', token: GITHUB_TOKEN || undefined },
  });
  for (const line of report.changed) process.stdout.write(`  ${line}\n`);
  process.stdout.write(
    `${report.images} base images and ${report.actions} actions are pinned in ${LOCK_FILE}; ${report.changed.length} changed. Commit what changed.\n`,
  );
}
