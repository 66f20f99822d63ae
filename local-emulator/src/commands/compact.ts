import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { type RewriteSummary, rewritePortsOf, runName, runRewrite } from '@tributary/platform/rewrites';
import { environmentOf } from '../instance/environment.ts';
import { stateRoot } from '../instance/folders.ts';
import { type CompactOptions, compactArguments } from '../rewrite/options.ts';
import { currentInstance } from './lifecycle.ts';

/** Merges small files of the running instance's lake, and prints how many became how many. */
export async function compactRunning(options: CompactOptions): Promise<void> {
  const args = compactArguments(options);
  const instance = currentInstance();
  if (instance === undefined)
    throw new UserError('NOTHING_RUNNING', 'Nothing is running to compact. "npm run up" starts everything.');
  const { ports, args: common } = await rewritePortsOf(environmentOf(join(stateRoot(), instance)));
  if (options.stream !== undefined && !ports.streams.includes(options.stream))
    throw new UserError(
      'COMPACT_STREAM',
      `There is no stream ${options.stream}; there are: ${ports.streams.join(', ')}.`,
    );
  const summary = await runRewrite(
    runName('compact', new Date()),
    { ...common, ...args },
    { ...ports, progress: (message) => process.stderr.write(`${message} …\n`) },
  );
  process.stdout.write(printedCompaction(summary));
}

/** The summary for a terminal. */
export function printedCompaction({ done, discarded, inputs, rows, run }: RewriteSummary): string {
  const number = (count: number) => count.toLocaleString('en');
  return [
    done === 0
      ? 'No closed hour has small files to merge.'
      : `${number(inputs)} files became ${number(done)}, with ${number(rows)} rows (run ${run}).`,
    ...(discarded > 0
      ? [`${discarded} merges were given up because their files were rewritten meanwhile: run it again.`]
      : []),
    '',
  ].join('\n');
}
