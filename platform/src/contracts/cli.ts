import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { ROOT } from '../config/environment.ts';
import { TributaryError, UserError } from '../errors/index.ts';
import { artifactsOf, compileContracts, contractFiles } from './compiler/artifacts.ts';
import { compareContracts } from './compiler/compare.ts';
import { staleFiles, writeGenerated } from './compiler/generated.ts';
import { lintContract } from './compiler/lint.ts';
import { compileMappings } from './compiler/mappings.ts';

const USAGE = `Usage: npm run contracts -- [--check] [--no-lint]
       npm run contracts -- --breaking [commit]

Lints contracts/*.odcs.yaml and writes what follows from them, from contracts/mappings and from features/.
  --check    write nothing; exit 1 naming generated files that are stale
  --no-lint  leave out datacontract-cli
  --breaking  write nothing; exit 1 naming what breaks writers or readers since a commit (default: where the branch left main)`;

/** Each lint is a Python process. */
const LINTS_AT_ONCE = 2;

async function main(): Promise<void> {
  const { check, lint, help, breaking, commit } = readArguments();
  if (help) {
    console.log(USAGE);
    return;
  }
  if (breaking) {
    await refuseBreaking(commit);
    return;
  }
  const folder = new URL('contracts/', ROOT);
  // Ours first: its messages name the field and the remedy.
  const contracts = await compileContracts(folder);
  const artifacts = artifactsOf(contracts, await compileMappings(folder, contracts));
  if (lint) {
    const limit = pLimit(LINTS_AT_ONCE);
    const files = await contractFiles(folder);
    await Promise.all(files.map((file) => limit(() => lintContract(fileURLToPath(new URL(file, folder))))));
  }
  const stale = await (check ? staleFiles : writeGenerated)(ROOT, artifacts);
  for (const { path, state } of stale)
    console.log(`${check ? state : state === 'left over' ? 'removed' : 'written'}: ${path}`);
  if (check && stale.length > 0) {
    throw new UserError(
      'GENERATED_STALE',
      `${stale.length} generated files are stale; run npm run contracts and commit them.`,
    );
  }
  console.log(
    `${contracts.length} contracts, ${artifacts.size} generated files, ${stale.length === 0 ? 'all fresh' : `${stale.length} updated`}.`,
  );
}

async function refuseBreaking(commit: string | undefined): Promise<void> {
  const { since, compared, faults, announced } = await compareContracts(ROOT, commit);
  for (const sentence of announced) console.log(`announced: ${sentence}`);
  if (faults.length > 0) throw new UserError('CONTRACT_BREAKING', faults.join('\n'));
  console.log(`${compared} contracts since ${since}: nothing breaks${announced.length > 0 ? ' unannounced' : ''}.`);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        check: { type: 'boolean', default: false },
        lint: { type: 'boolean', default: true },
        help: { type: 'boolean', default: false },
        breaking: { type: 'boolean', default: false },
      },
      allowNegative: true,
    });
    const [commit, ...others] = positionals;
    if (others.length > 0 || (commit !== undefined && !values.breaking))
      throw new Error('name a commit after --breaking');
    return { ...values, commit };
  } catch (error) {
    throw new UserError('USAGE', `${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}

try {
  await main();
} catch (error) {
  const known = error instanceof TributaryError && error.class !== 'bug';
  console.error(known ? error.message : error);
  process.exitCode = 1;
}
