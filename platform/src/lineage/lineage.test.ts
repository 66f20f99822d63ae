import { describe, expect, test } from '@jest/globals';
import { MemoryLake } from '../group-commit/testing/index.ts';
import { createLogger } from '../log/index.ts';
import { type JobRun, keepLineage, lineageEvents, lineageRunId, sendLineage } from './index.ts';

const LOG = createLogger('test', { level: 'silent' });
const RUN: JobRun = {
  ...{ job: 'j', integration: 'dbt', jobType: 'JOB', identity: ['m', '1'], inputs: [], outputs: [] },
  startedAt: new Date(0),
  endedAt: new Date(1_000),
};
const SETTINGS = { url: 'http://receiver.test', apiKey: 'key-1' };

/** A receiver that answers these, one after the other, and the last one ever after. */
function receiver(...answers: number[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const send = (async (url: string, init: RequestInit) => {
    asked.push({ url, init });
    const status = answers[Math.min(asked.length, answers.length) - 1]!;
    if (status === 0) throw new Error('connection refused');
    return new Response(null, { status });
  }) as typeof fetch;
  return { asked, send };
}

describe('lineage', () => {
  test('a run told twice is one: the same parts name it, and other parts another', () => {
    expect(lineageRunId(['m', '1'])).toBe(lineageRunId(['m', '1']));
    expect(lineageRunId(['m', '1'])).not.toBe(lineageRunId(['m', '2']));
    expect(lineageRunId(['m', '1'])).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('every run has a start and an end, which says whether it failed', () => {
    const types = (run: JobRun) => lineageEvents(run).map(({ eventType }) => eventType);
    expect(types(RUN)).toEqual(['START', 'COMPLETE']);
    expect(types({ ...RUN, error: { code: 'C', message: 'm' } })).toEqual(['START', 'FAIL']);
  });

  test('is in the lake, one event a line, once however often it is kept', async () => {
    const lake = new MemoryLake();
    const events = lineageEvents(RUN);
    for (const _ of [1, 2]) await keepLineage({ lake, bucket: 'lake' }, 'm-1', events);
    const text = (await lake.read('lake', 'artifacts/openlineage/m-1.ndjson'))!.body.toString('utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(2);
  });

  test('goes to the receiver that is configured, in order, with its key', async () => {
    const { asked, send } = receiver(201);
    await sendLineage(SETTINGS, lineageEvents(RUN), LOG, send);
    expect(asked.map(({ url }) => url)).toEqual(Array(2).fill('http://receiver.test/api/v1/lineage'));
    expect(asked.map(({ init }) => JSON.parse(init.body as string).eventType)).toEqual(['START', 'COMPLETE']);
    expect(asked[0]!.init.headers).toMatchObject({ authorization: 'Bearer key-1' });
  });

  test.each([[0], [500], [404]])('a receiver that answers %s costs one try and fails nothing', async (status) => {
    const { asked, send } = receiver(status);
    await sendLineage(SETTINGS, lineageEvents(RUN), LOG, send);
    expect(asked).toHaveLength(1);
  });

  test('is sent nowhere without a receiver', async () => {
    const { asked, send } = receiver(201);
    await sendLineage({ url: undefined, apiKey: undefined }, lineageEvents(RUN), LOG, send);
    expect(asked).toEqual([]);
  });
});
