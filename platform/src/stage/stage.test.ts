import { beforeEach, describe, expect, test } from '@jest/globals';
import { CostBudgetSpentError } from '../cost/index.ts';
import { type ChainEvent, type ChainEventInput, chainEvent } from '../events/index.ts';
import { inspectCommits } from '../group-commit/index.ts';
import { ManualClock, MemoryLake } from '../group-commit/testing/index.ts';
import { createLogger } from '../log/index.ts';
import { type StageDefinition, stageHandler } from './index.ts';
import { RecordingBus, RecordingJobs } from './testing/index.ts';

const definition: StageDefinition = {
  name: 'transform',
  job: 'dbt',
  takes: (event) => event.type === 'warehouse.loaded',
  ends: (event) => event.type === 'transform.finished',
  args: ({ manifest, attempt, streams, runId, cause }) => [manifest, String(attempt), streams.join(), runId, cause],
};

const log = createLogger('test', { level: 'silent' });
let lake: MemoryLake;
let clock: ManualClock;
let bus: RecordingBus;
let jobs: RecordingJobs;
let tell: (event: ChainEvent) => Promise<void>;
/** Whether today's budget is spent. */
let spent: boolean;

const cost = {
  async admit() {
    if (spent) throw new CostBudgetSpentError('required', 'transform', 100, 100);
  },
};

beforeEach(() => {
  [lake, clock, bus, jobs] = [new MemoryLake(), new ManualClock(), new RecordingBus(), new RecordingJobs()];
  spent = false;
  const handler = stageHandler(definition, { lake, bucket: 'lake', bus, jobs, cost, clock });
  tell = (event) => handler({ kind: 'chain', event }, log);
});

/** An event of so many seconds after the start of time. */
function event(type: ChainEvent['type'], second: number, more: Partial<ChainEventInput> = {}): ChainEvent {
  return chainEvent({ type, runId: `run-${second}`, finishedAt: new Date(second * 1_000), ...more });
}

function finished(manifest: string, attempt: number, error: ChainEvent['error'] = null) {
  return event('transform.finished', 1_000, { detail: { manifest, attempt }, error });
}

const tick = () => event('sweep.tick', clock.now() / 1_000);

describe('a stage', () => {
  test('events that come while a run is open are one run behind it, in the name of the newest', async () => {
    const [first, second, third] = [
      event('warehouse.loaded', 1, { streams: ['orders'] }),
      event('warehouse.loaded', 2, { streams: ['order_lines'] }),
      event('warehouse.loaded', 3, { streams: ['orders', 'customers'] }),
    ];
    await tell(first);
    await tell(third);
    await tell(second);
    await tell(finished('transform-000000001', 1));
    expect(jobs.started).toEqual([
      { job: 'dbt', args: ['transform-000000001', '1', 'orders', 'run-1', first.event_id] },
      { job: 'dbt', args: ['transform-000000002', '1', 'customers,order_lines,orders', 'run-3', third.event_id] },
    ]);
  });

  test('every event may come twice and changes nothing the second time', async () => {
    const load = event('warehouse.loaded', 1, { streams: ['orders'] });
    const report = finished('transform-000000001', 1);
    for (const told of [load, load, report, report, load]) await tell(told);
    expect(jobs.started).toHaveLength(1);
    expect(await inspectCommits(lake, 'lake', clock)).toEqual([
      { name: 'transform', waiting: 0, openManifest: undefined, leaseHeld: false },
    ]);
  });

  test('a tick where all is well does nothing and costs one listing, of nothing', async () => {
    await tell(event('warehouse.loaded', 1, { streams: ['orders'] }));
    await tell(finished('transform-000000001', 1));
    const requests: string[] = [];
    const seen = lake.seenThrough((moment, operation, name) => {
      if (moment === 'before') requests.push(`${operation} ${name}`);
    });
    // Not even the day's budget is asked for.
    spent = true;
    await stageHandler(definition, { lake: seen, bucket: 'lake', bus, jobs, cost, clock })(
      { kind: 'chain', event: tick() },
      log,
    );
    expect(requests).toEqual(['list control/arrivals/transform/']);
    expect(jobs.started).toHaveLength(1);
  });

  test.each([
    ['read', 'lease.json'],
    ['list', '/manifests/'],
    ['write', '/manifests/000000001.json'],
  ])('a tick starts what was on record when the function died at its %s of %s', async (operation, name) => {
    const dying = lake.seenThrough((_moment, at, object) => {
      if (at === operation && object.endsWith(name)) throw new Error('killed');
    });
    const handler = stageHandler(definition, { lake: dying, bucket: 'lake', bus, jobs, cost, clock });
    const load = event('warehouse.loaded', 1, { streams: ['orders'] });
    await expect(handler({ kind: 'chain', event: load }, log)).rejects.toThrow('killed');
    clock.advance(20_000);
    await tell(tick());
    expect(jobs.started.map(({ args }) => args.slice(0, 3))).toEqual([['transform-000000001', '1', 'orders']]);
  });

  test('a report that names no run is left, and the sweep repairs the run', async () => {
    await tell(event('warehouse.loaded', 1, { streams: ['orders'] }));
    await tell(event('transform.finished', 2));
    jobs.states.set('dbt-1', 'succeeded');
    await tell(tick());
    clock.advance(60_000);
    await tell(tick());
    expect(jobs.started.map(({ args }) => args.slice(0, 2))).toEqual([
      ['transform-000000001', '1'],
      ['transform-000000001', '2'],
    ]);
  });

  test('a job that keeps dying raises one incident, and what it covered joins the next run', async () => {
    await tell(event('warehouse.loaded', 1, { streams: ['orders'] }));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      jobs.states.set(`dbt-${attempt}`, 'failed');
      await tell(tick());
      clock.advance(10_000);
      await tell(tick());
    }
    expect(bus.chain()).toMatchObject([
      {
        type: 'incident.raised',
        status: 'failed',
        run_id: 'run-1',
        streams: ['orders'],
        error: { code: 'ATTEMPTS_EXHAUSTED' },
        detail: { stage: 'transform', manifest: 'transform-000000001', incident: 'stage:transform' },
      },
    ]);
    await tell(event('warehouse.loaded', 9, { streams: ['products'] }));
    expect(jobs.started.at(-1)!.args.slice(0, 3)).toEqual(['transform-000000002', '1', 'orders,products']);
    // A job that reports is no longer one that dies without a word.
    for (const _ of [1, 2]) await tell(finished('transform-000000002', 1));
    expect(bus.chain().slice(1)).toMatchObject([
      { type: 'incident.cleared', streams: ['orders'], detail: { incident: 'stage:transform' } },
    ]);
  });

  test('a run that failed is tried again by the sweep, three times in all, and then only by new events', async () => {
    await tell(event('warehouse.loaded', 1, { streams: ['orders'] }));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(jobs.started).toHaveLength(attempt);
      await tell(finished('transform-000000001', attempt, { code: 'DBT_FAILED', message: 'the warehouse restarted' }));
      expect(jobs.started).toHaveLength(attempt);
      await tell(tick());
    }
    expect(jobs.started.map(({ args }) => args[1])).toEqual(['1', '2', '3']);
    await tell(event('warehouse.loaded', 9, { streams: ['products'] }));
    expect(jobs.started.at(-1)!.args.slice(0, 3)).toEqual(['transform-000000002', '1', 'orders,products']);
  });

  test('while the budget is spent nothing starts and nothing is lost: a run that is open ends, and the rest runs the day after', async () => {
    await tell(event('warehouse.loaded', 1, { streams: ['orders'] }));
    spent = true;
    await tell(event('warehouse.loaded', 2, { streams: ['products'] }));
    await tell(finished('transform-000000001', 1));
    await tell(tick());
    expect(jobs.started).toHaveLength(1);
    expect(await inspectCommits(lake, 'lake', clock)).toMatchObject([{ waiting: 1, openManifest: undefined }]);
    spent = false;
    await tell(tick());
    expect(jobs.started.at(-1)!.args.slice(0, 3)).toEqual(['transform-000000002', '1', 'products']);
    expect(bus.chain()).toEqual([]);
  });

  test('a verdict is not asked for twice', async () => {
    const handler = stageHandler(
      { ...definition, isVerdict: ({ detail }) => Array.isArray(detail.failing) },
      { lake, bucket: 'lake', bus, jobs, cost, clock },
    );
    await handler({ kind: 'chain', event: event('warehouse.loaded', 1, { streams: ['orders'] }) }, log);
    const detail = { manifest: 'transform-000000001', attempt: 1, failing: ['a key is null'] };
    const verdict = event('transform.finished', 2, {
      detail,
      error: { code: 'GATE_FAILED', message: 'a key is null' },
    });
    await handler({ kind: 'chain', event: verdict }, log);
    await handler({ kind: 'chain', event: tick() }, log);
    expect(jobs.started).toHaveLength(1);
  });

  test('what fails for days carries what is asked for, and not everybody who asked', async () => {
    const handler = stageHandler(
      { ...definition, isVerdict: () => true },
      { lake, bucket: 'lake', bus, jobs, cost, clock },
    );
    const hear = (heard: ChainEvent) => handler({ kind: 'chain', event: heard }, log);
    await hear(event('warehouse.loaded', 1, { streams: ['products'] }));
    for (let day = 1; day <= 9; day += 1) {
      clock.advance(1_000);
      await hear(event('warehouse.loaded', day * 10, { streams: ['orders'] }));
      await hear(finished(`transform-00000000${day}`, 1, { code: 'DBT_NODES_FAILED', message: 'a model is wrong' }));
    }
    expect(jobs.started.at(-1)!.args).toEqual([
      'transform-000000010',
      '1',
      'orders,products',
      'run-90',
      expect.anything(),
    ]);
    const last = await lake.read('lake', 'control/transform/manifests/000000010.json');
    expect(JSON.parse(last!.body.toString()).arrivals).toHaveLength(3);
  });

  test('an incident that cannot be told keeps the run open, and is told later', async () => {
    await tell(event('warehouse.loaded', 1, { streams: ['orders'] }));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      jobs.states.set(`dbt-${attempt}`, 'failed');
      await tell(tick());
      clock.advance(10_000);
      bus.down = attempt === 3;
      await (bus.down ? expect(tell(tick())).rejects.toThrow('the bus is down') : tell(tick()));
    }
    bus.down = false;
    await tell(tick());
    expect(bus.chain()).toHaveLength(1);
  });
});
