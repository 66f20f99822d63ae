import { describe, expect, test } from '@jest/globals';
import { endOf, incidentsOf, lineageOf, readResult, report } from './report.ts';

const RUN = { manifest: 'materialize-1', attempt: 1, runId: 'run-1', cause: 'event-1', traceparent: undefined };
const DONE = { rows: 3, written: 2, online: 3, removed: 1, from: null, to: null, seconds: 0.1 };
const fault = (code: string) => ({ error: { code, message: 'why' } });

describe('the report of a materialization', () => {
  test('has the views that are online, with their rows, and what was removed', () => {
    const result = readResult({
      applied: true,
      bytes_billed: 5,
      views: { a: DONE, b: DONE, pushed: { skipped: 'by the bus' } },
    });
    expect(report(result, {}, RUN, new Date())).toMatchObject({
      status: 'ok',
      views: ['a', 'b'],
      counts: { a: 3, b: 3, written: 4, removed: 2 },
      bytes_billed: 5,
      error: null,
      detail: { manifest: 'materialize-1', attempt: 1, definitions_applied: true },
    });
  });

  test('fails where a view did, and still names those that are online', () => {
    const result = readResult({ views: { a: DONE, b: fault('MART_MISSING') } });
    expect(report(result, {}, RUN, new Date())).toMatchObject({
      status: 'failed',
      views: ['a'],
      error: { code: 'MART_MISSING' },
    });
  });

  test('is a verdict only where no view could end better', () => {
    const verdict = (...codes: string[]) => {
      const views = Object.fromEntries(codes.map((code, at) => [`v${at}`, fault(code)]));
      return report(readResult({ views }), {}, RUN, new Date()).detail.verdict;
    };
    expect(verdict('MART_MISSING', 'VIEW_UNKNOWN')).toBe(true);
    expect(verdict('MART_MISSING', 'MATERIALIZE_COUNT_DIFFERS')).toBe(false);
  });

  test('has the same id when told again', () => {
    const [first, again] = [1, 2].map(() => report(readResult({ views: { a: DONE } }), {}, RUN, new Date()));
    expect(first!.event_id).toBe(again!.event_id);
  });

  test.each(['UNAVAILABLE', 'VIEW_BUSY'])('is not made of a run that met %s: it is started again', (code) => {
    expect(() => readResult({ views: { a: DONE, b: fault(code) } })).toThrow(
      expect.objectContaining({ code: 'MATERIALIZE_UNAVAILABLE', class: 'transient' }),
    );
  });
});

describe('the incidents of a materialization', () => {
  const open = (incident: string) => ({ incident, since: '', streams: [], views: [] });
  const counts = { offline: 3, online: 2 };

  test('are one for each view that is not online as its mart is, with both numbers', () => {
    const views = { a: DONE, b: { error: { code: 'MATERIALIZE_COUNT_DIFFERS', message: 'why', counts } } };
    const result = readResult({ views });
    expect(incidentsOf(result)).toMatchObject([
      { name: 'materialize:b', code: 'MATERIALIZE_COUNT_DIFFERS', views: ['b'], counts },
    ]);
    expect(report(result, {}, RUN, new Date()).detail).toMatchObject({ incident: 'materialize:b' });
  });

  test('end when their view is online, and not with a run of other views', () => {
    const result = readResult({ views: { a: DONE, b: fault('MART_MISSING') } });
    expect(endOf(open('materialize:a'), result)).toEqual({});
    expect(endOf(open('materialize:b'), result)).toBeUndefined();
    expect(endOf(open('materialize:c'), result)).toBeUndefined();
    expect(endOf(open('materialize'), result)).toEqual({});
  });

  test('are of the run itself where it could not begin', () => {
    const result = readResult({ error: { code: 'CONFIG_INVALID', message: 'why' }, views: {} });
    expect(incidentsOf(result)).toMatchObject([{ name: 'materialize', code: 'CONFIG_INVALID' }]);
    expect(endOf(open('materialize:a'), result)).toBeUndefined();
  });
});

test('lineage leads from each mart to its view online', () => {
  const places = { project: 'p', redis: 'host:6379' };
  const result = readResult({ views: { a: DONE, b: fault('MART_MISSING') } });
  expect(lineageOf(result, RUN, places, new Date(), new Date()).at(-1)).toMatchObject({
    eventType: 'COMPLETE',
    job: { name: 'materialize.a' },
    inputs: [{ name: 'p.marts.a' }],
    outputs: [{ namespace: 'redis://host:6379', name: 'tributary.a' }],
  });
});
