import { join } from 'node:path';
import { readConfigFrom } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { startMetrics, stopMetrics } from '@tributary/platform/metrics';
import { type ReplayReport, readOptions, runReplay, summaryOf, type TypedOptions } from '@tributary/replay';
import { environmentOf } from '../instance/environment.ts';
import { stateRoot } from '../instance/folders.ts';
import { currentInstance } from './lifecycle.ts';
import { table } from './table.ts';

/** Why letters stay is said in so many sentences; `--stage` and `--reason` show the others. */
const SHOWN_SENTENCES = 20;

/** Puts dead letters of the running instance back through the pipeline and prints what became of them. */
export async function replayRunning(stream: string, typed: TypedOptions): Promise<void> {
  const options = readOptions(stream, typed);
  const instance = currentInstance();
  if (instance === undefined)
    throw new UserError('NOTHING_RUNNING', 'Nothing is running to replay to. "npm run up" starts everything.');
  const env = environmentOf(join(stateRoot(), instance));
  startMetrics('replay', readConfigFrom(env, 'metrics').metrics);
  const report = await runReplay(options, readConfigFrom(env, 'lake', 'bus', 'pii')).finally(stopMetrics);
  process.stdout.write(printed(stream, report, options.dryRun === true));
}

/** The report for a terminal. */
export function printed(stream: string, report: ReplayReport, dryRun: boolean): string {
  const { lines, why } = summaryOf(report);
  const before = Object.entries(report.earlier).map(([stage, count]) => `${count} of ${stage}`);
  const earlier = before.length === 0 ? '' : `Replayed earlier, and left alone: ${before.join(', ')}.\n`;
  if (lines.length === 0) return `Nothing of ${stream} waits to be replayed.\n${earlier}`;
  const rows = lines.map(({ stage, reason, replayed, refused, final }) => [
    stage,
    reason,
    String(replayed),
    String(refused),
    String(final),
  ]);
  const sentences = why
    .slice(0, SHOWN_SENTENCES)
    .map(({ count, why: sentence, example }) => `  ${count} × ${sentence}\n      such as ${example}\n`);
  const more = why.length > SHOWN_SENTENCES ? `  and ${why.length - SHOWN_SENTENCES} other reasons\n` : '';
  return [
    table(['stage', 'reason', dryRun ? 'would be replayed' : 'replayed', 'still refused', 'cannot be replayed'], rows),
    sentences.length === 0 ? '' : `What stays:\n${sentences.join('')}${more}`,
    earlier,
  ].join('');
}
