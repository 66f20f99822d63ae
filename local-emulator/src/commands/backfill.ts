import { join } from 'node:path';
import { loadContracts } from '@tributary/platform/contracts';
import { UserError } from '@tributary/platform/errors';
import { type RewriteSummary, rewritePortsOf, runName, runRewrite } from '@tributary/platform/rewrites';
import { environmentOf } from '../instance/environment.ts';
import { stateRoot } from '../instance/folders.ts';
import { type BackfillOptions, backfillArguments } from '../rewrite/options.ts';
import { currentInstance } from './lifecycle.ts';

/** Re-creates processed rows of a stream of the running instance from raw messages, and prints what changed. */
export async function backfillRunning(stream: string, options: BackfillOptions): Promise<void> {
  const known = [...loadContracts().keys()];
  if (!known.includes(stream))
    throw new UserError('BACKFILL_STREAM', `${stream} has no contract; there are: ${known.join(', ')}.`);
  const now = new Date();
  const args = backfillArguments(stream, options, now);
  const instance = currentInstance();
  if (instance === undefined)
    throw new UserError('NOTHING_RUNNING', 'Nothing is running to backfill. "npm run up" starts everything.');
  const { ports, args: common } = await rewritePortsOf(environmentOf(join(stateRoot(), instance)));
  const summary = await runRewrite(
    runName('backfill', now),
    { ...common, ...args },
    { ...ports, streams: [stream], progress: (message) => process.stderr.write(`${message} …\n`) },
  );
  process.stdout.write(printedBackfill(stream, args, summary));
}

/** The summary for a terminal. */
export function printedBackfill(
  stream: string,
  { from, to }: Readonly<Record<string, string>>,
  { report, done, discarded, run }: RewriteSummary,
): string {
  const count = (name: string) => (report[name] ?? 0).toLocaleString('en');
  const changed = (report.added ?? 0) + (report.replaced ?? 0);
  return [
    `${stream} from ${from} to ${to}: ${count('messages')} messages in ${count('files')} raw files make ${count('rows')} rows`,
    changed === 0
      ? 'processed/ holds them as they are: nothing was changed.'
      : `${count('replaced')} rows were replaced and ${count('added')} added, in ${done} files (run ${run}).`,
    ...(report.refused
      ? [`${count('refused')} messages are refused: npm run replay shows why; their old rows, if any, stay.`]
      : []),
    ...(discarded > 0 ? [`${discarded} files were rewritten by somebody else meanwhile: run the same again.`] : []),
    '',
  ].join('\n');
}
