import { checkRequirements } from '../toolchain/requirements.ts';

/** Prints each prerequisite; exit status 1 where one is missing. */
export async function doctor(): Promise<void> {
  const requirements = await checkRequirements();
  for (const { name, ok, found, fix } of requirements) {
    process.stdout.write(`${ok ? '✔' : '✖'} ${name.padEnd(8)} ${found}\n${ok ? '' : `    → ${fix}\n`}`);
  }
  const missing = requirements.filter(({ ok }) => !ok).length;
  process.stdout.write(
    missing === 0
      ? '\nEverything that this machine must bring is there; npm run demo fetches the rest.\n'
      : `\n${missing} of ${requirements.length} are missing.\n`,
  );
  if (missing > 0) process.exitCode = 1;
}
