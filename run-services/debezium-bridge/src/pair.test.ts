import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@tributary/platform/log';
import { type Program, runPair } from './pair.ts';

const log = createLogger('test', { level: 'silent' });
const FOREVER = 'setInterval(() => {}, 1e6);';

describe('a pair of programs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pair-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a script that notes its start and the signal it got. */
  const program = (name: string, script: string): Program => ({
    name,
    command: process.execPath,
    args: [
      '-e',
      `const note = (text) => require('fs').appendFileSync(${JSON.stringify(join(folder, 'notes'))}, '${name} ' + text + '\\n');
       process.on('SIGTERM', () => { note('ended'); process.exit(0); }); ${script}; note('started');`,
    ],
    env: process.env,
  });
  const notes = (): string[] =>
    readFileSync(join(folder, 'notes'), { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean);
  const until = async (note: string): Promise<void> => {
    for (const start = Date.now(); !notes().includes(note); await delay(20)) {
      if (Date.now() - start > 20_000) throw new Error(`waited 20 s for "${note}"`);
    }
  };
  const ready = (): Promise<void> => until('first started');
  const never = new AbortController().signal;

  test('told to end, ends the second before the first', async () => {
    const stop = new AbortController();
    const result = runPair(program('first', FOREVER), program('second', FOREVER), { ready, stop: stop.signal, log });
    await until('second started');
    stop.abort();
    expect(await result).toBe(true);
    expect(notes()).toEqual(['first started', 'second started', 'second ended', 'first ended']);
  });

  test.each([
    ['second', FOREVER, 'setTimeout(() => process.exit(0), 50)', ['first started', 'second started', 'first ended']],
    ['first', 'setTimeout(() => process.exit(1), 1500)', FOREVER, ['first started', 'second started', 'second ended']],
  ])(
    'ends as a failure when the %s ends by itself, and takes the other along',
    async (_which, first, second, expected) => {
      expect(await runPair(program('first', first), program('second', second), { ready, stop: never, log })).toBe(
        false,
      );
      expect(notes()).toEqual(expected);
    },
  );

  test('does not start the second when the first never gets ready', async () => {
    const unready = () => Promise.reject(new Error('no'));
    expect(
      await runPair(program('first', FOREVER), program('second', FOREVER), { ready: unready, stop: never, log }),
    ).toBe(false);
    expect(notes()).not.toContain('second started');
  });

  test('fails when a program does not exist', async () => {
    const missing: Program = { name: 'second', command: join(folder, 'missing'), args: [], env: {} };
    expect(await runPair(program('first', FOREVER), missing, { ready, stop: never, log })).toBe(false);
    expect(notes()).toEqual(['first started', 'first ended']);
  });

  test('kills what does not end in time', async () => {
    const stop = new AbortController();
    const deaf = `process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {}); ${FOREVER}`;
    const result = runPair(program('first', FOREVER), program('second', deaf), {
      ready,
      stop: stop.signal,
      log,
      graceMs: 200,
    });
    await until('second started');
    stop.abort();
    expect(await result).toBe(true);
    expect(notes()).toEqual(['first started', 'second started', 'first ended']);
  });
});
