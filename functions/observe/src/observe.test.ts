import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Contracts, loadContracts } from '@tributary/platform/contracts';
import { CostBudgetSpentError } from '@tributary/platform/cost';
import { chainEvent, deadLetter } from '@tributary/platform/events';
import { GroupCommit } from '@tributary/platform/group-commit';
import { ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import { createLogger } from '@tributary/platform/log';
import { RecordedMetrics } from '@tributary/platform/metrics/testing';
import { z } from 'zod';
import { observeHandler } from './observe.ts';

const log = createLogger('test', { level: 'silent' });
let lake: MemoryLake;
let clock: ManualClock;
let recorded: RecordedMetrics;
let contracts: Contracts;
/** What staging holds, event times by stream. */
let staging: Map<string, string[]>;
let queried: string[];
let spent: boolean;
let tick: () => Promise<void>;

beforeEach(() => {
  [lake, clock, recorded, staging, queried, spent] = [
    new MemoryLake(),
    new ManualClock(),
    new RecordedMetrics(),
    new Map(),
    [],
    false,
  ];
  contracts = new Map([...loadContracts()].filter(([stream]) => stream === 'orders'));
  const handler = observeHandler({
    ...{ lake, bucket: 'lake', clock, dailyBytes: 1_000, contracts: async () => contracts },
    warehouse: {
      async query(sql, { params = {} } = {}) {
        const stream = /staging\.(\w+)/.exec(sql)![1]!;
        queried.push(`${stream} since ${String(params.since)}`);
        const found = (staging.get(stream) ?? []).filter(
          (time) =>
            Date.parse(time) >= Date.parse(String(params.since)) &&
            Date.parse(time) <= Date.parse(String(params.until)),
        );
        return [{ newest: found.toSorted().at(-1) ?? null }] as never;
      },
    },
    cost: {
      async admit() {
        if (spent) throw new CostBudgetSpentError('optional', 'freshness', 800, 1_000);
      },
      async look() {
        const stages: Record<string, number> = spent ? { load: 800 } : { load: 5, observe: 7 };
        return { day: '', bytes: 12, stages, lookedAt: 0, from: 0, counted: {}, raised: {} };
      },
    },
  });
  tick = () => handler({ kind: 'chain', event: chainEvent({ type: 'sweep.tick', runId: 'tick' }) }, log);
});
afterEach(() => recorded.stop());

const NOW = Date.UTC(2026, 10, 21);
const letterOf = (reason: 'LATE' | 'UNREADABLE', n: number) =>
  deadLetter({
    ...{ eventId: null, stream: 'orders', stage: 'pipeline', reason, message: '', source: { n }, sealed: false },
    payload: Buffer.from('x'),
  });

async function putLetter(reason: 'LATE' | 'UNREADABLE', n: number): Promise<string> {
  const letter = letterOf(reason, n);
  const name = `dead-letter/orders/pipeline/dt=2026-11-21/${letter.dead_letter_id}`;
  await lake.write('lake', `${name}.json`, JSON.stringify(letter));
  return name;
}

describe('at each tick the observer says', () => {
  test('what waits for each commit', async () => {
    const commit = new GroupCommit({ lake, bucket: 'lake', name: 'load-orders', payload: z.string(), clock });
    await commit.record('a', 'a');
    await commit.record('b', 'b');
    await tick();
    const labels = { commit: 'load-orders' };
    expect(await recorded.of('tributary.commit.waiting')).toEqual([{ labels, value: 2 }]);
    expect(await recorded.of('tributary.commit.open')).toEqual([{ labels, value: 0 }]);
  });

  test('how many dead letters are open, and counts by reason those that came while it looked', async () => {
    const first = await putLetter('LATE', 1);
    await tick();
    expect(await recorded.of('tributary.dead_letter.letters')).toEqual([]);
    await putLetter('UNREADABLE', 2);
    await tick();
    await tick();
    const labels = { stream: 'orders', stage: 'pipeline' };
    expect(await recorded.of('tributary.dead_letter.letters')).toEqual([
      { labels: { ...labels, reason: 'UNREADABLE' }, value: 1 },
    ]);
    expect(await recorded.of('tributary.dead_letter.open')).toEqual([{ labels, value: 2 }]);
    await lake.write('lake', `${first}.replayed`, '{}');
    await tick();
    expect(await recorded.of('tributary.dead_letter.open')).toEqual([{ labels, value: 1 }]);
  });

  test('what is in quarantine, without the reasons beside it', async () => {
    await lake.write('lake', 'quarantine/orders/part-1.parquet', '');
    await lake.write('lake', 'quarantine/orders/part-1.parquet.reason.json', '{}');
    await tick();
    expect(await recorded.of('tributary.quarantine.objects')).toEqual([{ labels: { stream: 'orders' }, value: 1 }]);
  });

  test('how new the newest row is, reading no more than what is newer than it knew; rows of the future do not count', async () => {
    staging.set('orders', ['2026-11-20T12:00:00.000Z', '2026-11-22T00:00:00.000Z']);
    await tick();
    await tick();
    expect(queried).toEqual(['orders since 2026-11-19T00:00:00.000Z']);
    clock.advance(60_000);
    staging.get('orders')!.push('2026-11-21T00:00:30.000Z');
    await tick();
    expect(queried.at(-1)).toBe('orders since 2026-11-20T12:00:00.000Z');
    const labels = { stream: 'orders' };
    expect(await recorded.of('tributary.stream.newest_event')).toEqual([{ labels, value: NOW / 1_000 + 30 }]);
    expect(await recorded.of('tributary.stream.freshness_limit')).toEqual([
      { labels, value: contracts.get('orders')!.freshnessSeconds },
    ]);
  });

  test('of a stream that has been silent for long, when it fell silent', async () => {
    staging.set('orders', ['2010-12-01T08:26:00.000Z']);
    await tick();
    expect(queried).toHaveLength(2);
    expect(await recorded.of('tributary.stream.newest_event')).toMatchObject([{ value: 1_291_191_960 }]);
  });

  test('what the day has cost; and asks BigQuery nothing once optional work has stopped', async () => {
    await tick();
    spent = true;
    clock.advance(60_000);
    const before = queried.length;
    await tick();
    expect(queried).toHaveLength(before);
    expect(await recorded.of('tributary.cost.bytes_billed_today')).toEqual([
      { labels: { stage: 'load' }, value: 800 },
      { labels: { stage: 'observe' }, value: 0 },
    ]);
    expect(await recorded.of('tributary.cost.budget')).toEqual([{ labels: {}, value: 1_000 }]);
  });

  test('what it can, where one look fails; and that the whole look did not succeed', async () => {
    await tick();
    clock.advance(1_000);
    contracts = undefined as unknown as Contracts;
    await tick();
    expect(await recorded.of('tributary.observer.looked')).toEqual([{ labels: {}, value: NOW / 1_000 }]);
  });
});
