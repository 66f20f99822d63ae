import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { TransientError, UserError } from '../errors/index.ts';
import type { PipelineLauncher } from '../jobs/index.ts';
import type { Lake } from '../lake/index.ts';

export interface RewritePorts {
  readonly launcher: PipelineLauncher;
  readonly lake: Lake;
  readonly bucket: string;
  /** Streams whose rewrites are looked for. */
  readonly streams: readonly string[];
  /** Told as it goes on. */
  readonly progress?: (message: string) => void;
}

/** What a run came to. */
export interface RewriteSummary {
  readonly run: string;
  readonly done: number;
  readonly discarded: number;
  readonly inputs: number;
  readonly rows: number;
  readonly changedRows: number;
  /** What a backfill or an erasure read; empty for a compaction. */
  readonly report: Readonly<Record<string, number>>;
}

const POLL_MS = 1_000;
/** The sweep carries rewrites out; without progress for so long, it does not run. */
const PATIENCE_MS = 5 * 60_000;

/** docs/interfaces.md#rewrites */
const resultSchema = z.object({
  outcome: z.enum(['done', 'discarded']),
  inputs: z.int(),
  rows: z.int(),
  changed_rows: z.int(),
});
const reportSchema = z.record(z.string(), z.int());

/** `compact-20261121T052002Z-1a2b3c`: when it began is part of the name, so that what a dead run staged can be told by its age. */
export function runName(mode: 'backfill' | 'compact' | 'erase', now: Date): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${mode}-${time}-${randomBytes(3).toString('hex')}`;
}

/**
 * Runs a batch mode of the pipeline that rewrites files of the lake, and waits until what it staged has been carried out.
 *
 * @throws {UserError} REWRITE_FAILED where the job failed: nothing it had not finished is seen, and running it again goes on.
 * @throws {TransientError} REWRITE_WAITS where nothing carries out what was staged: it stays, and will be once load-warehouse runs.
 */
export async function runRewrite(
  run: string,
  args: Readonly<Record<string, string>>,
  ports: RewritePorts,
): Promise<RewriteSummary> {
  const { launcher, lake, bucket, streams, progress = () => undefined } = ports;
  const job = await launcher.launchBatch(run, { ...args, run });
  progress(`the pipeline reads (job ${job})`);
  for (let state = await launcher.state(job); state !== 'succeeded'; state = await launcher.state(job)) {
    if (state !== 'running')
      throw new UserError(
        'REWRITE_FAILED',
        `The job ${job} ended as ${state}; its log says why. Run the command again: it goes on.`,
      );
    await delay(POLL_MS);
  }
  await untilCarriedOut(run, ports, progress);
  const results: z.output<typeof resultSchema>[] = [];
  const report: Record<string, number> = {};
  for (const stream of streams) {
    for await (const { name } of lake.list(bucket, `rewrites/done/${stream}/${run}/`)) {
      const found = await lake.read(bucket, name);
      if (!found) continue;
      const content: unknown = JSON.parse(found.body.toString('utf8'));
      if (name.endsWith('/report.json')) Object.assign(report, reportSchema.parse(content));
      else results.push(resultSchema.parse(content));
    }
  }
  const done = results.filter(({ outcome }) => outcome === 'done');
  const sum = (count: (result: (typeof done)[number]) => number) => done.reduce((all, one) => all + count(one), 0);
  return {
    run,
    done: done.length,
    discarded: results.length - done.length,
    inputs: sum(({ inputs }) => inputs),
    rows: sum(({ rows }) => rows),
    changedRows: sum(({ changed_rows }) => changed_rows),
    report,
  };
}

async function untilCarriedOut(
  run: string,
  { lake, bucket, streams }: RewritePorts,
  progress: (message: string) => void,
): Promise<void> {
  let least = Number.POSITIVE_INFINITY;
  let movedAt = Date.now();
  while (true) {
    let waiting = 0;
    for (const stream of streams) {
      for await (const { name } of lake.list(bucket, `rewrites/open/${stream}/${run}/`)) {
        if (name.endsWith('.json')) waiting += 1;
      }
    }
    if (waiting === 0) return;
    if (waiting < least) {
      progress(`${waiting} rewrites wait to be carried out`);
      [least, movedAt] = [waiting, Date.now()];
    } else if (Date.now() - movedAt > PATIENCE_MS) {
      throw new TransientError(
        'REWRITE_WAITS',
        `${waiting} rewrites of ${run} wait, and nothing carried one out for five minutes. Look at load-warehouse: its sweep does it, once their inputs are loaded; nothing is lost.`,
      );
    }
    await delay(POLL_MS);
  }
}
