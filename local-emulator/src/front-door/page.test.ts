import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { ROOT } from '../instance/machine.ts';

const SCRIPT = readFileSync(join(ROOT, 'front-door/public/door.js'), 'utf8');

/** Runs the page's script over one section, and gives what it then says of the service. */
async function said(answer: () => Promise<{ status: number }>): Promise<unknown[]> {
  const badge = { textContent: '…', dataset: {} as Record<string, string> };
  const section = { dataset: { probe: '/health' }, querySelector: () => badge };
  const asked: unknown[] = [];
  runInNewContext(SCRIPT, {
    AbortSignal,
    location: { origin: 'https://door.test' },
    document: { querySelectorAll: (selector: string) => (selector === '[data-probe]' ? [section] : []) },
    fetch: (url: string) => {
      asked.push(url);
      return answer();
    },
  });
  await turn();
  return [...asked, badge.dataset.kind, badge.textContent];
}

test.each([
  [200, 'up', 'up'],
  [401, 'up', 'up, asks for a token'],
  [403, 'up', 'up, asks for a token'],
  [404, 'down', 'answers 404'],
  [500, 'down', 'answers 500'],
  [504, 'down', 'answers 504'],
])('of a service that answers %d the page says so', async (status, kind, text) => {
  expect(await said(async () => ({ status }))).toEqual(['/health', kind, text]);
});

test('of one that does not answer it says that', async () => {
  expect(await said(() => Promise.reject(new TypeError('failed')))).toEqual(['/health', 'down', 'does not answer']);
});
