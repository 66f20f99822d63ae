import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { UserError } from '../../errors/index.ts';
import type { CompiledContract } from '../contract.ts';
import { contractFiles } from './artifacts.ts';
import { breakingChanges, contractChangeSchema, majorOf } from './breaking.ts';
import { compileContract } from './compile.ts';

const run = promisify(execFile);

/** Two readings of each contract, a second each, on a machine that is busy. */
const COMPARE_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

interface Pair {
  readonly file: string;
  readonly before: { readonly text: string; readonly contract: CompiledContract };
  readonly after: { readonly text: string; readonly contract: CompiledContract };
}

/** What became of the contracts since a commit. */
export interface Comparison {
  /** The commit, as it was asked for. */
  readonly since: string;
  readonly compared: number;
  /** Sentences that name contract, field, change and remedy; none where nothing breaks that was not announced by a new major version. */
  readonly faults: readonly string[];
  /** Breaking changes under a new major version. */
  readonly announced: readonly string[];
}

/**
 * Compares the contracts of a working copy with those of a commit.
 *
 * @param root of the repository.
 * @param ref a commit; where left out, the point at which the branch left main, and on main the commit at hand.
 * @throws {UserError} GIT_UNAVAILABLE, COMPARE_TOOL_MISSING, CONTRACT_INVALID
 */
export async function compareContracts(root: URL, ref?: string): Promise<Comparison> {
  const since = ref ?? (await branchPoint(root));
  const folder = new URL('contracts/', root);
  const earlier = (await git(root, 'ls-tree', '--name-only', since, 'contracts/'))
    .split('\n')
    .filter((path) => path.endsWith('.odcs.yaml'))
    .map((path) => path.replace('contracts/', ''));
  const now = new Set(await contractFiles(folder));
  const faults = earlier
    .filter((file) => !now.has(file))
    .map((file) => `${file}: the contract is gone. Keep it while anybody reads its stream.`);
  const pairs: Pair[] = [];
  for (const file of earlier.filter((each) => now.has(each))) {
    const before = await git(root, 'show', `${since}:contracts/${file}`);
    const after = await readFile(new URL(file, folder), 'utf8');
    if (before === after) continue;
    pairs.push({
      file,
      before: { text: before, contract: compileContract(file, before) },
      after: { text: after, contract: compileContract(file, after) },
    });
  }
  const announced: string[] = [];
  const changes = await changesOf(pairs);
  pairs.forEach(({ file, before, after }, index) => {
    const found = breakingChanges(before.contract, after.contract, changes[index]!);
    const isAnnounced = majorOf(after.contract) > majorOf(before.contract);
    for (const { field, what } of found) {
      const place = `${file}: ${field === undefined ? '' : `field ${field}: `}${what}`;
      if (isAnnounced) announced.push(`${place} (version ${after.contract.version}).`);
      else {
        faults.push(
          `${place}. It breaks those who write or read ${after.contract.stream}: take it back, or set version to ${majorOf(before.contract) + 1}.0.0 and migrate, contracts/README.md#how-a-schema-changes.`,
        );
      }
    }
    if (found.length === 0 && before.contract.version === after.contract.version && differ(before, after)) {
      faults.push(`${file}: it changed and its version did not; raise ${after.contract.version} by a minor version.`);
    }
  });
  return { since, compared: earlier.length, faults, announced };
}

/** Whether what is read by programs changed, and not only words for people. */
function differ(before: Pair['before'], after: Pair['after']): boolean {
  const meant = ({ contract }: Pair['before']) =>
    JSON.stringify(contract, (name, value: unknown) => (name === 'description' ? undefined : value));
  return meant(before) !== meant(after);
}

async function changesOf(pairs: readonly Pair[]) {
  if (pairs.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'contracts-'));
  try {
    const files: string[] = [];
    for (const { file, before, after } of pairs) {
      for (const [when, { text }] of [['before', before] as const, ['after', after] as const]) {
        const path = join(folder, `${when}.${file}`);
        await writeFile(path, text);
        files.push(path);
      }
    }
    const script = fileURLToPath(new URL('breaking.py', import.meta.url));
    const { stdout } = await run('python', [script, ...files], {
      timeout: COMPARE_TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    return z.array(z.array(contractChangeSchema)).length(pairs.length).parse(JSON.parse(stdout));
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT' || stderr?.includes("No module named 'datacontract'")) {
      throw new UserError('COMPARE_TOOL_MISSING', 'datacontract-cli is not on PATH; run npm run setup.', {
        cause: error,
      });
    }
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Where this branch left main; on main, or where there is none, the commit at hand. */
async function branchPoint(root: URL): Promise<string> {
  for (const main of ['origin/main', 'main']) {
    try {
      return (await git(root, 'merge-base', 'HEAD', main)).trim();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return 'HEAD';
}

async function git(root: URL, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('git', [...args], { cwd: fileURLToPath(root), maxBuffer: MAX_OUTPUT_BYTES });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
    const reason = code === 'ENOENT' ? 'git is not installed' : (stderr?.trim() ?? (error as Error).message);
    throw new UserError(
      'GIT_UNAVAILABLE',
      `The contracts of an earlier commit cannot be read (git ${args.join(' ')}: ${reason}). Name a commit that this clone has; a shallow clone needs git fetch --unshallow.`,
      { cause: error },
    );
  }
}
