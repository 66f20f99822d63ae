import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { assignPorts } from './ports.ts';

const newState = (): string => mkdtempSync(join(tmpdir(), 'ports-'));

test('every name gets a port of its own', async () => {
  const ports = await assignPorts(newState(), ['a', 'b', 'c', 'd']);
  expect(new Set(Object.values(ports)).size).toBe(4);
});

test('an instance gets the same ports again while they are free', async () => {
  const state = newState();
  const first = await assignPorts(state, ['a', 'b']);
  expect(await assignPorts(state, ['a', 'b'])).toEqual(first);
});

test('a port that somebody else took meanwhile is replaced', async () => {
  const state = newState();
  const { a = 0, b } = await assignPorts(state, ['a', 'b']);
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(a, '127.0.0.1', resolve));
  try {
    const again = await assignPorts(state, ['a', 'b']);
    expect(again.a).not.toBe(a);
    expect(again.b).toBe(b);
  } finally {
    squatter.close();
  }
});
