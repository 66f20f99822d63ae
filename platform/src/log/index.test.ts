import { describe, expect, test } from '@jest/globals';
import { TransientError, UserError } from '../errors/index.ts';
import { createLogger } from './index.ts';

function capture(level = 'trace') {
  const lines: string[] = [];
  const log = createLogger('test', { level, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('createLogger', () => {
  test('a line has what Cloud Logging reads: severity, message, time, component', () => {
    const { log, last } = capture();
    log.warn({ rows: 3 }, 'loaded');
    expect(last()).toMatchObject({ severity: 'WARNING', message: 'loaded', component: 'test', rows: 3 });
    expect(String(last().time)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    log.fatal('gone');
    expect(last().severity).toBe('CRITICAL');
  });

  test('a traceparent, of a child or of a line, names the trace', () => {
    const { log, last } = capture();
    log.child({ traceparent: TRACEPARENT }).info('child');
    expect(String(last()['logging.googleapis.com/trace'])).toMatch(/0af7651916cd43dd8448eb211c80319c$/);
    log.info({ traceparent: TRACEPARENT }, 'line');
    expect(last()).toMatchObject({
      'logging.googleapis.com/spanId': 'b7ad6b7169203331',
      'logging.googleapis.com/trace_sampled': true,
    });
    log.info({ traceparent: 'nonsense' }, 'none');
    expect(last()).not.toHaveProperty(['logging.googleapis.com/trace']);
  });

  test('secrets, rows and personal fields are redacted at every depth a log line has', () => {
    const { log, lines } = capture();
    const planted = 'planted-7c1e@example.com';
    log.info(
      { email: planted, event: { after: { email: planted } }, a: { b: { password: planted } }, row: { x: planted } },
      'm',
    );
    log.child({ payload: planted }).info('m');
    expect(lines.join('')).not.toContain(planted);
    expect(lines.join('')).toContain('[redacted]');
  });

  test('an error shows its code and cause but not the properties drivers add to it', () => {
    const { log, last, lines } = capture();
    const driver = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(planted@example.com)',
    });
    log.error({ err: new TransientError('DB_BUSY', 'try later', { cause: driver }) }, 'failed');
    expect(last().err).toMatchObject({
      code: 'DB_BUSY',
      class: 'transient',
      cause: { code: '23505', message: 'duplicate key' },
    });
    expect(lines.join('')).not.toContain('planted@example.com');
  });

  test("a user's error is told without a stack trace", () => {
    const { log, last } = capture();
    log.error({ err: new UserError('X', 'do this') }, 'failed');
    expect(last().err).toEqual({ type: 'UserError', code: 'X', class: 'user', message: 'do this' });
  });

  test('an unknown level is refused with the list of levels', () => {
    expect(() => capture('loud')).toThrow(/LOG_LEVEL is "loud" \(expected one of trace, debug, info/);
  });
});
