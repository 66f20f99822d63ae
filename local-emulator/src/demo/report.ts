import type { SeedSummary } from '@tributary/seeder';
import { table } from '../commands/table.ts';
import type { DrainResult } from './drained.ts';
import type { Reconciliation } from './reconcile.ts';

const number = (value: number): string => value.toLocaleString('en');

/** The demo's closing tables. */
export function printReport(
  seeded: SeedSummary,
  drained: DrainResult,
  result: Reconciliation,
  seconds: ReadonlyMap<string, number>,
): void {
  const out = (text: string): void => void process.stdout.write(text);
  out('\nRows, layer by layer\n');
  out(
    table(
      ['stream', 'Postgres', 'events', 'raw', 'processed', 'dead letters', 'staging', 'unified'],
      result.streams.map((count) => [
        count.stream,
        ...[
          count.source,
          count.events,
          count.raw,
          count.processed,
          count.deadLetters,
          count.staging,
          count.unified,
        ].map(number),
      ]),
    ),
  );
  out('\nFeatures\n');
  out(
    table(
      ['view', 'query over Postgres', 'mart', 'online', 'values that differ'],
      result.views.map((check) => [
        check.view,
        check.martAgainstSource === undefined ? '' : number(check.expected),
        number(check.mart),
        number(check.online),
        number((check.martAgainstSource?.differences.length ?? 0) + check.onlineAgainstMart.differences.length),
      ]),
    ),
  );
  const rejects = Object.entries(seeded.rejects).filter(([, count]) => count > 0);
  out(
    rejects.length === 0
      ? '\nNo line of the input was rejected.\n'
      : `\nLines of the input that were rejected\n${table(
          ['reason', 'lines'],
          rejects.map(([reason, count]) => [reason, number(count)]),
        )}`,
  );
  const letters = [...drained.deadLetters.countByReason];
  out(
    letters.length === 0
      ? 'No dead letters.\n'
      : `\nDead letters\n${table(
          ['reason', 'count'],
          letters.map(([reason, count]) => [reason, number(count)]),
        )}`,
  );
  out(
    `\nSeconds\n${table(
      ['stage', 'seconds'],
      [...seconds].map(([stage, value]) => [stage, value.toFixed(1)]),
    )}`,
  );
}
