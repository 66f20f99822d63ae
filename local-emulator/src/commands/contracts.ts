import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../instance/machine.ts';
import { prepareToolchain } from '../toolchain/toolchain.ts';

/**
 * Lints the contracts with datacontract-cli and writes, or with `--check` compares, what is generated from them.
 *
 * @param options.breaking instead says what breaks since a commit; `true` means where the branch left main
 */
export async function contracts(options: { check: boolean; breaking?: string | true }): Promise<void> {
  const tools = await prepareToolchain(ROOT, { quiet: true, only: new Set(['python']) });
  const result = await execa(
    tools.node,
    [join(ROOT, 'platform', 'src', 'contracts', 'cli.ts'), ...argumentsOf(options)],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { PATH: `${tools.pythonBin}:${process.env.PATH}` },
      reject: false,
    },
  );
  process.exitCode = result.exitCode ?? 1;
}

function argumentsOf({ check, breaking }: { check: boolean; breaking?: string | true }): string[] {
  if (breaking !== undefined) return ['--breaking', ...(breaking === true ? [] : [breaking])];
  return check ? ['--check'] : [];
}
