import type { IncomingMessage } from 'node:http';
import { expect, test } from '@jest/globals';
import { Exchange } from '../http/exchange.ts';
import { RequestLog } from './request-log.ts';

function ended(status: number, errorCode?: string): Exchange {
  const headers = { 'x-api-key': 'planted', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  const exchange = new Exchange({ method: 'POST', url: '/push?x=planted', headers } as unknown as IncomingMessage);
  exchange.route = '/push';
  exchange.status = status;
  exchange.caller = 'planted@example.com';
  exchange.body = Buffer.from('planted');
  if (errorCode !== undefined) exchange.notes.errorCode = errorCode;
  return exchange;
}

function recorder() {
  const lines: [string, Record<string, unknown>][] = [];
  const add = (level: string) => (fields: object) => lines.push([level, fields as Record<string, unknown>]);
  return { lines, log: { warn: add('warn'), error: add('error') } };
}

test('answers that callers brought upon themselves make no line', () => {
  const { lines, log } = recorder();
  for (const status of [200, 400, 401, 404, 413, 422, 499]) new RequestLog(log).record(ended(status));
  expect(lines).toEqual([]);
});

test('equal failures make one line a second, which says how many were left out', () => {
  const { lines, log } = recorder();
  let now = 0;
  const requestLog = new RequestLog(log, () => now);
  for (let index = 0; index < 50; index += 1) requestLog.record(ended(503, 'OVERLOADED'));
  requestLog.record(ended(500, 'INTERNAL'));
  now = 1_001;
  requestLog.record(ended(503, 'OVERLOADED'));
  expect(lines.map(([level, { code, left_out }]) => [level, code, left_out])).toEqual([
    ['warn', 'OVERLOADED', 0],
    ['error', 'INTERNAL', 0],
    ['warn', 'OVERLOADED', 49],
  ]);
});

test('a line has the trace, and nothing of who called or what was sent', () => {
  const { lines, log } = recorder();
  new RequestLog(log).record(ended(500));
  expect(lines[0]![1].traceparent).toMatch(/^00-a/);
  expect(JSON.stringify(lines)).not.toContain('planted');
});
