import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ChainEvent } from '@tributary/platform/events';
import { MemoryLake } from '@tributary/platform/group-commit/testing';
import { Incidents } from '@tributary/platform/incidents';
import { createLogger } from '@tributary/platform/log';
import { RecordingBus } from '@tributary/platform/stage/testing';
import { materialize } from './materialize.ts';

const RUN = { manifest: 'materialize-2', attempt: 1, runId: 'run-2', cause: 'event-1', traceparent: undefined };
const DONE = { rows: 3, written: 2, online: 3, removed: 1, from: null, to: null, seconds: 0.1 };

let lake: MemoryLake;
let bus: RecordingBus;
/** What Feast was asked for, run by run. */
let asked: (readonly string[])[];

beforeEach(() => {
  [lake, bus, asked] = [new MemoryLake(), new RecordingBus(), []];
});

/** A stage finds that this keeps the views back, or that nothing does. */
function judged(owner: string, incident?: string, ...views: string[]): Promise<void> {
  const failing = incident ? [{ name: incident, code: 'WRONG', message: 'why', views, runbook: 'r' }] : [];
  return new Incidents(lake, 'lake', owner).settle(
    failing,
    () => ({}),
    { runId: 'run-1' },
    async () => undefined,
  );
}

/** A run of these views, each of which could be put online. */
function run(...views: string[]): Promise<ChainEvent> {
  return materialize(views, RUN, {
    bus,
    store: { lake, bucket: 'lake' },
    places: { project: 'p', redis: 'host:6379' },
    feast: async (now) => {
      asked.push(now);
      return { views: Object.fromEntries(now.map((view) => [view, DONE])) };
    },
    sendLineage: async () => undefined,
    log: createLogger('test', { level: 'silent' }),
  });
}

describe('a materialization', () => {
  test('leaves views as they are online that failed since the gate let them go on', async () => {
    await judged('validate', 'gate:features:marts.v', 'v');
    await judged('transform', 'dbt:test.w', 'w');
    const event = await run('a', 'v', 'w');
    expect(asked).toEqual([['a']]);
    expect(event).toMatchObject({
      status: 'ok',
      views: ['a'],
      counts: { held: 2 },
      detail: { held: { v: ['gate:features:marts.v'], w: ['dbt:test.w'] } },
    });
  });

  test('puts a view online once what kept it back is over', async () => {
    await judged('validate', 'gate:features:marts.v', 'v');
    await run('v');
    await judged('validate');
    expect(await run('v')).toMatchObject({ status: 'ok', views: ['v'], counts: { held: 0 }, detail: { held: {} } });
    expect(asked).toEqual([['v']]);
  });

  test('of nothing but such views ends well, and ends no incident, for it did nothing', async () => {
    await judged('validate', 'gate:staging:staging.orders', 'v');
    await judged('materialize', 'materialize');
    expect(await run('v')).toMatchObject({ status: 'ok', views: [], error: null });
    expect(asked).toEqual([]);
    expect(bus.chain().map(({ type }) => type)).toEqual(['features.materialized']);
    expect(await new Incidents(lake, 'lake', 'materialize').open()).toHaveLength(1);
  });

  test('is not kept from its views by an incident of its own', async () => {
    await judged('materialize', 'materialize:v', 'v');
    await run('v');
    expect(asked).toEqual([['v']]);
    expect(bus.chain().map(({ type }) => type)).toEqual(['incident.cleared', 'features.materialized']);
  });
});
