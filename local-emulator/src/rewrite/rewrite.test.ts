import { describe, expect, test } from '@jest/globals';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import type { ExecutionState, PipelineLauncher } from '@tributary/platform/jobs';
import { runName, runRewrite } from '@tributary/platform/rewrites';
import { printedBackfill } from '../commands/backfill.ts';
import { printedCompaction } from '../commands/compact.ts';
import { backfillArguments, compactArguments } from './options.ts';

const NOW = new Date('2026-11-21T05:20:02.123Z');

describe('what a person types', () => {
  test('a day is its first instant, a time keeps its microseconds and zone, and the range ends now', () => {
    expect(backfillArguments('orders', { from: '2026-11-20' }, NOW)).toEqual({
      source: 'backfill',
      stream: 'orders',
      from: '2026-11-20T00:00:00Z',
      to: '2026-11-21T05:20:02.123Z',
    });
    const range = { from: '2026-11-20T05:00+01:00', to: '2026-11-20T06:00:00.123456Z', settle: '2m' };
    expect(backfillArguments('orders', range, NOW)).toMatchObject({
      from: '2026-11-20T05:00:00+01:00',
      to: '2026-11-20T06:00:00.123456Z',
      settleSeconds: '120',
    });
  });

  test.each([
    [{}, 'BACKFILL_RANGE'],
    [{ from: 'yesterday' }, 'REWRITE_TIME'],
    [{ from: '2026-11-20T05:00:00' }, 'REWRITE_TIME'],
    [{ from: '2026-13-20' }, 'REWRITE_TIME'],
    [{ from: '2026-11-20', to: '2026-11-20' }, 'BACKFILL_RANGE'],
    [{ from: '2026-11-20', settle: 'long' }, 'REWRITE_DURATION'],
  ])('%j is refused as %s', (options, code) => {
    expect(() => backfillArguments('orders', options, NOW)).toThrow(expect.objectContaining({ code }));
  });

  test('durations are told in seconds', () => {
    const seconds = (olderThan: string) => compactArguments({ olderThan }).olderThanSeconds;
    expect(['90s', '10m', '2h', '1d'].map(seconds)).toEqual(['90', '600', '7200', '86400']);
    expect(compactArguments({ stream: 'orders' })).toEqual({ source: 'compact', stream: 'orders' });
    expect(() => compactArguments({ olderThan: '5 minutes' })).toThrow(
      expect.objectContaining({ code: 'REWRITE_DURATION' }),
    );
  });
});

describe('a run', () => {
  class Launcher implements PipelineLauncher {
    readonly launched: Readonly<Record<string, string>>[] = [];
    readonly states: ExecutionState[];
    constructor(...states: ExecutionState[]) {
      this.states = states;
    }
    async launchBatch(_id: string, args: Readonly<Record<string, string>>): Promise<string> {
      this.launched.push(args);
      return 'job-1';
    }
    async state(): Promise<ExecutionState> {
      return this.states.shift() ?? 'succeeded';
    }
  }

  test('waits until what it staged is carried out and adds up what became of it', async () => {
    const lake = new MemoryLake();
    const run = runName('backfill', NOW);
    expect(run).toMatch(/^backfill-20261121T052002Z-[0-9a-f]{6}$/);
    const write = (name: string, content: object) => lake.write('lake', name, JSON.stringify(content));
    await write(`rewrites/open/orders/${run}/a.json`, {});
    await write(`rewrites/open/orders/${run}/a.output.parquet`, {});
    await write(`rewrites/open/orders/other-run/b.json`, {});
    await write(`rewrites/done/orders/${run}/b.json`, { outcome: 'discarded', inputs: 9, rows: 9, changed_rows: 9 });
    await write(`rewrites/done/orders/${run}/report.json`, {
      files: 2,
      messages: 7,
      rows: 5,
      refused: 2,
      added: 1,
      replaced: 3,
    });
    await write(`rewrites/done/orders/other-run/c.json`, { outcome: 'done', inputs: 9, rows: 9, changed_rows: 9 });
    const launcher = new Launcher('running');
    const said: string[] = [];
    const result = runRewrite(
      run,
      { source: 'backfill' },
      {
        launcher,
        lake,
        bucket: 'lake',
        streams: ['orders'],
        progress: (message) => {
          said.push(message);
          if (!message.startsWith('1 rewrites')) return;
          void write(`rewrites/done/orders/${run}/a.json`, {
            outcome: 'done',
            inputs: 2,
            rows: 50,
            changed_rows: 4,
          }).then(() => lake.remove('lake', `rewrites/open/orders/${run}/a.json`));
        },
      },
    );
    const summary = await result;
    expect(said).toEqual(['the pipeline reads (job job-1)', '1 rewrites wait to be carried out']);
    expect(launcher.launched).toEqual([{ source: 'backfill', run }]);
    expect(summary).toMatchObject({ done: 1, discarded: 1, inputs: 2, rows: 50, changedRows: 4 });
    expect(printedBackfill('orders', { from: 'F', to: 'T' }, summary)).toBe(
      `orders from F to T: 7 messages in 2 raw files make 5 rows\n3 rows were replaced and 1 added, in 1 files (run ${run}).\n2 messages are refused: npm run replay shows why; their old rows, if any, stay.\n1 files were rewritten by somebody else meanwhile: run the same again.\n`,
    );
    expect(printedCompaction(summary)).toBe(
      `2 files became 1, with 50 rows (run ${run}).\n1 merges were given up because their files were rewritten meanwhile: run it again.\n`,
    );
  }, 20_000);

  test('a job that failed is said to have failed', async () => {
    const ports = { launcher: new Launcher('failed'), lake: new MemoryLake(), bucket: 'lake', streams: ['orders'] };
    await expect(runRewrite('compact-1', {}, ports)).rejects.toMatchObject({ code: 'REWRITE_FAILED' });
  });
});
