import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ChainEvent } from '../events/index.ts';
import { MemoryLake } from '../group-commit/testing/index.ts';
import { type Incident, Incidents } from './index.ts';

const BUCKET = 'lake';
const wrong = (name: string, views: string[] = []): Incident => ({
  name,
  code: 'WRONG',
  message: 'why',
  views,
  runbook: 'quality-gate-failed',
});

let lake: MemoryLake;
let told: ChainEvent[];
let incidents: Incidents;

beforeEach(() => {
  [lake, told] = [new MemoryLake(), []];
  incidents = new Incidents(lake, BUCKET, 'validate');
});

const publish = async (events: readonly ChainEvent[]): Promise<void> => {
  told.push(...events);
};

/** A run that finds these wrong, and everything else right. */
const runFinds = (runId: string, ...failing: Incident[]) => incidents.settle(failing, () => ({}), { runId }, publish);

const names = () => told.map(({ type, detail }) => `${type} ${detail.incident}`);

describe('incidents', () => {
  test('what was wrong and is right again is cleared once, however many runs find it right', async () => {
    await runFinds('run-1', wrong('a'), wrong('b'));
    await runFinds('run-2', wrong('b'));
    await runFinds('run-3', wrong('b'));
    await runFinds('run-4');
    await runFinds('run-5');
    expect(names()).toEqual([
      'incident.raised a',
      'incident.raised b',
      'incident.raised b',
      'incident.cleared a',
      'incident.raised b',
      'incident.cleared b',
    ]);
    expect(await incidents.open()).toEqual([]);
  });

  test('what a run did not look at stays open', async () => {
    await runFinds('run-1', wrong('a'), wrong('b'));
    const looksAtB = ({ incident }: { incident: string }) => (incident === 'b' ? { rebuild: true } : undefined);
    await incidents.settle([], looksAtB, { runId: 'run-2' }, publish);
    expect(told.at(-1)).toMatchObject({ type: 'incident.cleared', detail: { incident: 'b', rebuild: true } });
    expect((await incidents.open()).map(({ incident }) => incident)).toEqual(['a']);
  });

  test('all that one kept back is told when it is over, from its first moment on', async () => {
    await runFinds('run-1', wrong('a', ['x']));
    const [first] = await incidents.open();
    await runFinds('run-2', wrong('a', ['y']));
    await runFinds('run-3');
    expect(told.at(-1)).toMatchObject({ views: ['x', 'y'], detail: { incident: 'a', since: first!.since } });
  });

  test('an end that could not be told is told by the repetition, under the same id', async () => {
    await runFinds('run-1', wrong('a'));
    const heard: ChainEvent[] = [];
    const half = async (events: readonly ChainEvent[]): Promise<void> => {
      heard.push(...events);
      throw new Error('the bus went away before it answered');
    };
    await expect(incidents.settle([], () => ({}), { runId: 'run-2' }, half)).rejects.toThrow('the bus');
    await runFinds('run-2');
    expect(told.at(-1)!.event_id).toBe(heard[0]!.event_id);
    expect(await incidents.open()).toEqual([]);
  });

  test('one that could not be told is remembered, so that it can end', async () => {
    const down = async (): Promise<void> => {
      throw new Error('the bus is down');
    };
    await expect(incidents.settle([wrong('a')], () => ({}), { runId: 'run-1' }, down)).rejects.toThrow('down');
    await runFinds('run-2');
    expect(names()).toEqual(['incident.cleared a']);
  });

  test('owners do not clear each other’s', async () => {
    await runFinds('run-1', wrong('a'));
    const others = new Incidents(lake, BUCKET, 'transform');
    await others.settle([], () => ({}), { runId: 'run-2' }, publish);
    expect(names()).toEqual(['incident.raised a']);
  });
});
