import { describe, expect, test } from '@jest/globals';
import { readResult, report } from './report.ts';

const RUN = { manifest: 'materialize-1', attempt: 1, runId: 'run-1', cause: 'event-1', traceparent: undefined };
const DONE = { rows: 3, online: 3, removed: 1, from: null, to: null, seconds: 0.1 };
const fault = (code: string) => ({ error: { code, message: 'why' } });

describe('the report of a materialization', () => {
  test('has the views that are online, with their rows, and what was removed', () => {
    const result = readResult({
      applied: true,
      bytes_billed: 5,
      views: { a: DONE, b: DONE, pushed: { skipped: 'by the bus' } },
    });
    expect(report(result, RUN, new Date())).toMatchObject({
      status: 'ok',
      views: ['a', 'b'],
      counts: { a: 3, b: 3, removed: 2 },
      bytes_billed: 5,
      error: null,
      detail: { manifest: 'materialize-1', attempt: 1, definitions_applied: true },
    });
  });

  test('fails where a view did, and still names those that are online', () => {
    const result = readResult({ views: { a: DONE, b: fault('MART_MISSING') } });
    expect(report(result, RUN, new Date())).toMatchObject({
      status: 'failed',
      views: ['a'],
      error: { code: 'MART_MISSING' },
    });
  });

  test('has the same id when told again', () => {
    const [first, again] = [1, 2].map(() => report(readResult({ views: { a: DONE } }), RUN, new Date()));
    expect(first!.event_id).toBe(again!.event_id);
  });

  test.each(['UNAVAILABLE', 'VIEW_BUSY'])('is not made of a run that met %s: it is started again', (code) => {
    expect(() => readResult({ views: { a: DONE, b: fault(code) } })).toThrow(
      expect.objectContaining({ code: 'MATERIALIZE_UNAVAILABLE', class: 'transient' }),
    );
  });
});
