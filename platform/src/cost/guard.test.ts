import { beforeEach, describe, expect, test } from '@jest/globals';
import { TransientError } from '../errors/index.ts';
import { type Interference, ManualClock, MemoryLake } from '../group-commit/testing/index.ts';
import { createLogger } from '../log/index.ts';
import { RecordingBus } from '../stage/testing/index.ts';
import type { Row } from '../warehouse/index.ts';
import { type BilledJob, CostBudgetSpentError, CostGuard } from './index.ts';

const BUDGET = 1_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const log = createLogger('test', { level: 'silent' });

let clock: ManualClock;
let lake: MemoryLake;
let bus: RecordingBus;
let jobs: BilledJob[];
let asked: number;
let unavailable: boolean;
/** `ops.costs`, by insert id. */
let costs: Map<string, Row>;

beforeEach(() => {
  [clock, lake, bus, jobs, asked, unavailable] = [
    new ManualClock(),
    new MemoryLake(),
    new RecordingBus(),
    [],
    0,
    false,
  ];
  costs = new Map();
});

/** A guard as another process would have it. */
function guard(interfere?: Interference, budget: { dailyBytes: number | undefined } = { dailyBytes: BUDGET }) {
  return new CostGuard({
    jobs: {
      async since(instant) {
        asked += 1;
        if (unavailable) throw new TransientError('WAREHOUSE_UNAVAILABLE', 'BigQuery is away');
        return jobs.filter(({ createdAt }) => createdAt >= instant);
      },
    },
    warehouse: {
      async insert(_dataset, _table, rows, insertIds) {
        for (const [index, row] of rows.entries()) costs.set(insertIds[index]!, row);
      },
    },
    ...{ lake: interfere ? lake.seenThrough(interfere) : lake, bucket: 'lake', bus, clock, log, ...budget },
  });
}

let number = 0;
function spend(bytesBilled: number, labels: Record<string, string> = { stage: 'transform', run_id: 'run-1' }): void {
  number += 1;
  const now = clock.now();
  jobs.push({ id: `job-${number}`, kind: 'QUERY', createdAt: now, endedAt: now, bytesBilled, labels });
}

const admitted = (kind: 'optional' | 'required', by: CostGuard = guard()): Promise<boolean> =>
  by.admit(kind, 'a test').then(
    () => true,
    (error: unknown) => {
      expect(error).toBeInstanceOf(CostBudgetSpentError);
      return false;
    },
  );

const told = () => bus.chain().map(({ type, detail }) => `${type} ${detail.incident}`);

describe('the cost guard', () => {
  test('optional work stops at 80 % of the budget, required work at all of it', async () => {
    spend(799);
    expect([await admitted('optional'), await admitted('required')]).toEqual([true, true]);
    clock.advance(MINUTE);
    spend(1);
    expect([await admitted('optional'), await admitted('required')]).toEqual([false, true]);
    clock.advance(MINUTE);
    spend(200);
    expect([await admitted('optional'), await admitted('required')]).toEqual([false, false]);
    await expect(guard().admit('required', 'transform')).rejects.toMatchObject({
      code: 'COST_BUDGET_SPENT',
      class: 'transient',
      message: expect.stringMatching(/transform waits.*100 % of DAILY_BYTES_BUDGET/),
    });
  });

  test('it says once that work has stopped, and once, the next day, that it goes on', async () => {
    spend(2_000);
    for (let look = 0; look < 5; look += 1) {
      await admitted('required');
      clock.advance(MINUTE);
    }
    expect(told()).toEqual(['incident.raised cost:optional', 'incident.raised cost:required']);
    expect(bus.chain()[1]).toMatchObject({
      status: 'failed',
      counts: { bytes_billed_today: 2_000, daily_bytes_budget: BUDGET },
      detail: { runbook: 'cost-budget', dearest_stage: 'transform' },
      error: { code: 'COST_BUDGET_SPENT' },
    });
    clock.advance(DAY);
    expect(await admitted('optional')).toBe(true);
    expect(told().slice(2)).toEqual(['incident.cleared cost:optional', 'incident.cleared cost:required']);
    spend(2_000);
    clock.advance(MINUTE);
    expect(await admitted('optional')).toBe(false);
    expect(told().slice(4)).toEqual(['incident.raised cost:optional', 'incident.raised cost:required']);
  });

  test('a raised budget lets work go on at the next look, and says so', async () => {
    spend(900);
    expect(await admitted('optional')).toBe(false);
    clock.advance(MINUTE);
    expect(await admitted('optional', guard(undefined, { dailyBytes: 10_000 }))).toBe(true);
    expect(told()).toEqual(['incident.raised cost:optional', 'incident.cleared cost:optional']);
  });

  test('ten processes that look at once count each job once and say what stopped once', async () => {
    for (let n = 0; n < 20; n += 1) spend(45);
    const answers = await Promise.all(Array.from({ length: 10 }, () => admitted('optional')));
    expect(answers).toEqual(Array(10).fill(false));
    expect((await guard().look()).bytes).toBe(900);
    expect(told()).toEqual(['incident.raised cost:optional']);
    expect(costs.size).toBe(20);
  });

  test('a process that dies at any step of a look leaves nothing uncounted, nothing counted twice, and nothing unsaid', async () => {
    for (const moment of ['before', 'after'] as const) {
      for (const operation of ['read', 'write'] as const) {
        clock.advance(DAY);
        [lake, jobs, costs] = [new MemoryLake(), [], new Map()];
        bus.published.length = 0;
        spend(900);
        const dying = guard((when, what) => {
          if (when === moment && what === operation) throw new Error('killed');
        });
        await expect(dying.look()).rejects.toThrow('killed');
        clock.advance(MINUTE);
        expect(await guard().look()).toMatchObject({ bytes: 900 });
        expect(told().filter((each) => each.startsWith('incident.raised'))).toEqual(['incident.raised cost:optional']);
        expect([...costs.values()]).toEqual([expect.objectContaining({ bytes_billed: 900, run_id: 'run-1' })]);
      }
    }
  });

  test('an incident that cannot be told is told by the next look', async () => {
    spend(900);
    bus.down = true;
    await expect(guard().look()).rejects.toThrow('the bus is down');
    bus.down = false;
    await guard().look();
    expect(told()).toEqual(['incident.raised cost:optional']);
  });

  test('each job becomes a row with its stage, run and day', async () => {
    spend(10, { stage: 'load', stream: 'orders' });
    await guard().look();
    expect([...costs.values()]).toEqual([
      expect.objectContaining({ stage: 'load', stream: 'orders', run_id: null, bytes_billed: 10, kind: 'QUERY' }),
    ]);
  });

  test('BigQuery is asked twice a minute at most, however many ask for admission', async () => {
    const own = guard();
    for (let n = 0; n < 50; n += 1) await own.admit('optional', 'warehouse-api');
    await Promise.all([guard().look(), guard().look()]);
    expect(asked).toBe(1);
  });

  test('an account that cannot be read is made anew from what BigQuery has of the day', async () => {
    spend(900);
    await lake.write('lake', 'control/cost/account.json', '{"of": "another version"}');
    expect(await admitted('optional')).toBe(false);
    expect((await guard().look()).bytes).toBe(900);
  });

  test('an account of a clock far ahead is looked at again, not trusted until that time comes', async () => {
    spend(10);
    const ahead = new CostGuard({
      jobs: { since: async () => jobs },
      warehouse: { insert: async () => undefined },
      ...{ lake, bucket: 'lake', bus, dailyBytes: BUDGET, clock: clock.skewed(10 * MINUTE), log },
    });
    await ahead.look();
    spend(900);
    expect(await admitted('optional')).toBe(false);
  });

  test('where BigQuery cannot be asked the last account holds, and without one all is admitted', async () => {
    unavailable = true;
    expect(await admitted('optional')).toBe(true);
    unavailable = false;
    spend(900);
    expect(await admitted('optional')).toBe(false);
    unavailable = true;
    clock.advance(MINUTE);
    expect([await admitted('optional'), await admitted('required')]).toEqual([false, true]);
    // Yesterday's account says nothing of today.
    clock.advance(DAY);
    expect(await admitted('optional')).toBe(true);
  });

  test('without a budget costs are recorded and nothing is stopped', async () => {
    spend(10 ** 15);
    const unlimited = guard(undefined, { dailyBytes: undefined });
    expect(await admitted('optional', unlimited)).toBe(true);
    expect([costs.size, told()]).toEqual([1, []]);
  });
});
