import { existsSync, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheRoot } from './cache.ts';

/** What the machine must bring; everything else is fetched. */
export interface Requirement {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, or what is wrong. */
  readonly found: string;
  /** The command or page that mends it; only where `ok` is false. */
  readonly fix?: string;
  readonly path?: string;
}

const MINIMUM_JAVA = 17;
/** Newest Java that Flink 1.19 and Beam run on without further flags. */
const MAXIMUM_JAVA = 21;
/** The local MinIO's go.mod asks for this; an older go command from 1.21 on fetches it by itself. */
const MINIMUM_GO_MINOR = 21;
/** Caches (Maven 1.1 GB, Go 2 GB while building, Python 1.7 GB) and one demo's state. */
const MINIMUM_FREE_DISK_BYTES = 8 * 1024 ** 3;
const WARM_FREE_DISK_BYTES = 2 * 1024 ** 3;

const debian = (packages: string): string =>
  process.platform === 'darwin' ? `brew install ${packages}` : `apt-get install ${packages}`;

async function output(command: string, args: string[]): Promise<string | undefined> {
  const result = await execa(command, args, { all: true, reject: false, stdin: 'ignore', timeout: 30_000 });
  return result.failed ? undefined : String(result.all);
}

async function java(): Promise<Requirement> {
  const home = process.env.JAVA_HOME;
  const command = home && existsSync(join(home, 'bin', 'java')) ? join(home, 'bin', 'java') : 'java';
  const compiler = command === 'java' ? 'javac' : join(home ?? '', 'bin', 'javac');
  const fix = process.platform === 'darwin' ? 'brew install openjdk@17' : 'apt-get install openjdk-17-jdk-headless';
  const printed = await output(command, ['-version']);
  if (printed === undefined) return { name: 'Java', ok: false, found: 'no "java" on PATH', fix };
  const major = Number(/version "(\d+)/.exec(printed)?.[1]);
  if (!(major >= MINIMUM_JAVA && major <= MAXIMUM_JAVA)) {
    return {
      name: 'Java',
      ok: false,
      found: `version ${major || 'unknown'}; ${MINIMUM_JAVA} to ${MAXIMUM_JAVA} is needed`,
      fix: `${fix}   (or point JAVA_HOME at one)`,
    };
  }
  if ((await output(compiler, ['-version'])) === undefined) {
    return { name: 'Java', ok: false, found: `a Java ${major} runtime without its compiler (javac)`, fix };
  }
  return { name: 'Java', ok: true, found: `JDK ${major}`, path: command };
}

async function go(): Promise<Requirement> {
  const fix =
    process.platform === 'darwin'
      ? 'brew install go'
      : 'https://go.dev/doc/install   (Debian: apt-get install -t bookworm-backports golang-go)';
  const printed = await output('go', ['version']);
  const minor = Number(/go1\.(\d+)/.exec(printed ?? '')?.[1]);
  if (printed === undefined) return { name: 'Go', ok: false, found: 'no "go" on PATH', fix };
  if (minor < MINIMUM_GO_MINOR)
    return { name: 'Go', ok: false, found: `1.${minor}; 1.${MINIMUM_GO_MINOR} or newer is needed`, fix };
  return { name: 'Go', ok: true, found: `1.${minor}`, path: 'go' };
}

/** A Python 3.13 that is there already: on PATH, or one of pyenv's. */
export async function findPython313(): Promise<string | undefined> {
  const candidates = ['python3.13', 'python3'];
  const pyenvRoot = await output('pyenv', ['root']);
  if (pyenvRoot !== undefined) {
    const versions = join(pyenvRoot.trim(), 'versions');
    if (existsSync(versions)) {
      for (const version of readdirSync(versions)
        .filter((name) => name.startsWith('3.13'))
        .sort()) {
        candidates.push(join(versions, version, 'bin', 'python3.13'));
      }
    }
  }
  for (const candidate of candidates) {
    const printed = await output(candidate, [
      '-c',
      'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)',
    ]);
    const [version, executable] = printed?.trim().split(' ') ?? [];
    if (version === '3.13' && executable) return executable;
  }
  return undefined;
}

async function python(): Promise<Requirement> {
  const found = await findPython313();
  if (found !== undefined) return { name: 'Python', ok: true, found: `3.13 (${found})`, path: found };
  const uv = (await output('uv', ['--version'])) !== undefined;
  const any = (await output('python3', ['--version'])) !== undefined;
  if (uv || any) return { name: 'Python', ok: true, found: '3.13 is not installed; uv will fetch it' };
  return {
    name: 'Python',
    ok: false,
    found: 'no Python and no uv',
    fix: `${debian('python3 python3-venv')}   (uv then fetches Python 3.13)`,
  };
}

/** PyPI carries Redis as source only: it is compiled once, into uv's cache. */
async function compiler(): Promise<Requirement> {
  const fix = process.platform === 'darwin' ? 'xcode-select --install' : debian('build-essential');
  const missing = (
    await Promise.all(
      ['cc', 'make'].map(async (command) => ((await output(command, ['--version'])) === undefined ? command : '')),
    )
  ).filter(Boolean);
  if (missing.length > 0)
    return {
      name: 'C',
      ok: false,
      found: `no ${missing.map((command) => `"${command}"`).join(' and no ')} on PATH`,
      fix,
    };
  return { name: 'C', ok: true, found: 'compiler and make' };
}

function disk(): Requirement {
  const folder = cacheRoot();
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    return {
      name: 'Disk',
      ok: false,
      found: `the cache folder ${folder} cannot be made (${(error as Error).message})`,
      fix: 'set TRIBUTARY_CACHE_DIR to a folder that you may write to',
    };
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const needed = existsSync(join(folder, 'complete')) ? WARM_FREE_DISK_BYTES : MINIMUM_FREE_DISK_BYTES;
  const gigabytes = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1);
  if (free < needed) {
    return {
      name: 'Disk',
      ok: false,
      found: `${gigabytes(free)} GB free in ${folder}; ${gigabytes(needed)} GB are needed`,
      fix: 'free some space, or set TRIBUTARY_CACHE_DIR and TRIBUTARY_STATE_DIR to another disk',
    };
  }
  return { name: 'Disk', ok: true, found: `${gigabytes(free)} GB free` };
}

/** Looks at the machine; changes nothing but to create the cache folder. */
export async function checkRequirements(): Promise<Requirement[]> {
  const node: Requirement = { name: 'Node', ok: true, found: `${process.version} (pinned in package-lock.json)` };
  return [node, ...(await Promise.all([java(), python(), go(), compiler()])), disk()];
}
