// The first step of every `npm run …`: runs on whatever Node ≥ 20 the machine has, before anything is installed. It installs the npm
// workspaces from the lock file when they are missing or stale, then hands over to the CLI on the pinned Node 24 runtime.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MINIMUM_NODE_MAJOR = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, 'node_modules', '.bin', 'node');
const stamp = join(root, 'node_modules', '.tributary-install');

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function installed() {
  return existsSync(stamp) && existsSync(pinnedNode) && readFileSync(stamp, 'utf8') === lockHash();
}

/** Two commands started together on a fresh clone must not both run `npm install` over each other. */
function installPackages() {
  const turn = join(root, '.tributary', 'install.lock');
  mkdirSync(dirname(turn), { recursive: true });
  try {
    writeFileSync(turn, String(process.pid), { flag: 'wx' });
  } catch {
    const owner = Number(readFileSync(turn, 'utf8'));
    if (owner && existsSync(`/proc/${owner}`)) {
      fail(
        `Another command (process ${owner}) is installing packages in ${root}. Wait for it to end, then run this again.`,
      );
    }
    writeFileSync(turn, String(process.pid));
  }
  try {
    const started = Date.now();
    process.stdout.write('Installing npm packages (first run or changed lock file; about a minute) …\n');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    // Not "npm ci": it refuses a lock file that lacks optional packages of other platforms, and a registry mirror that does not carry those leaves them
    // out. "npm install" takes the same versions from the lock file; what it may add to the file is undone, for a set-up changes no tracked file.
    const lock = join(root, 'package-lock.json');
    const locked = readFileSync(lock);
    const result = spawnSync(npm, ['install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (!readFileSync(lock).equals(locked)) writeFileSync(lock, locked);
    if (result.error)
      fail(
        `npm could not be started (${result.error.message}). Install Node.js ≥ ${MINIMUM_NODE_MAJOR} with npm: https://nodejs.org/en/download`,
      );
    if (result.status !== 0) {
      fail(
        `"npm install" failed with exit status ${result.status}; its output is above. The usual causes are no network, a full disk ("df -h .") or a package registry that does not answer; run the command again once mended.`,
      );
    }
    if (!existsSync(pinnedNode)) {
      fail(
        'The pinned Node runtime (npm package "node") is missing after "npm install". Its install script must be allowed: run "npm config delete ignore-scripts", remove node_modules and run this again.',
      );
    }
    writeFileSync(stamp, lockHash());
    process.stdout.write(`npm packages installed in ${Math.round((Date.now() - started) / 1000)} s\n`);
  } finally {
    rmSync(turn, { force: true });
  }
}

if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE_MAJOR) {
  fail(
    `Tributary needs Node.js ≥ ${MINIMUM_NODE_MAJOR} to start; this is ${process.version}. Install a current one: https://nodejs.org/en/download`,
  );
}
if (process.platform === 'win32') fail('Tributary runs on Linux and macOS; on Windows use WSL 2.');
if (!installed()) installPackages();

const child = spawn(pinnedNode, [join(root, 'local-emulator', 'src', 'cli.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_NO_WARNINGS: '1',
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
  },
});
// Ctrl-C reaches the whole foreground group; the CLI stops what it started and this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
