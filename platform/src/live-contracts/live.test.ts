import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { COMPILED_CONTRACTS } from '../contracts/load.ts';
import { MemoryLake } from '../group-commit/testing/index.ts';
import { createLogger } from '../log/index.ts';
import { LiveContracts } from './live.ts';
import { contractsLocation, openContracts } from './open.ts';
import { objectSource } from './source.ts';

const COMMITTED = readFileSync(COMPILED_CONTRACTS, 'utf8');

/** The committed contracts, with orders of another version that have one nullable field more. */
function withField(name: string, version: string): string {
  const { streams } = JSON.parse(COMMITTED);
  streams.orders.version = version;
  streams.orders.fields.push({ name, type: 'STRING', required: false, pii: 'none', description: name });
  return JSON.stringify({ streams });
}

let folder: string;
let file: string;
let lines: string[];
let now: number;
const log = () => createLogger('test', { destination: { write: (line) => lines.push(line) }, level: 'info' });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'live-contracts-'));
  file = join(folder, 'contracts.json');
  writeFileSync(file, COMMITTED);
  lines = [];
  now = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** From a lake in memory: its tokens change with every write, however fast the clock of a file system ticks. */
async function live() {
  const lake = new MemoryLake();
  await lake.write('lake', 'control/contracts.json', COMMITTED);
  const source = objectSource(lake, 'lake', 'control/contracts.json');
  const contracts = await LiveContracts.open(source, { log: log(), now: () => now });
  const write = (text: string) => lake.write('lake', 'control/contracts.json', text);
  return { contracts, write, lake };
}

describe('contracts in force', () => {
  test('are the changed ones, all at once, at the first look after two seconds', async () => {
    const { contracts, write } = await live();
    const before = await contracts.fresh();
    await write(withField('gift_note', '1.1.0'));
    now += 1_999;
    expect(await contracts.fresh()).toBe(before);
    now += 1;
    const after = await contracts.fresh();
    expect(after.get('orders')!.fields.at(-1)!.name).toBe('gift_note');
    expect(contracts.current).toBe(after);
    expect(lines.join()).toContain('orders 1.0.0 → 1.1.0');
  });

  test('stay the same object while nothing changed', async () => {
    const { contracts } = await live();
    const before = contracts.current;
    for (now = 0; now < 20_000; now += 2_000) expect(await contracts.fresh()).toBe(before);
  });

  test('can be looked at at once', async () => {
    const { contracts, write } = await live();
    await write(withField('gift_note', '1.1.0'));
    expect((await contracts.fresh({ force: true })).get('orders')!.version).toBe('1.1.0');
  });

  test.each([
    ['half of a file', COMMITTED.slice(0, 500)],
    ['one stream that is not in order', COMMITTED.replace('"pii": "tokenize"', '"pii": "hash"')],
    ['no stream at all', '{"streams":{}}'],
  ])('stay the old ones where the new are broken, %s, and that is said once', async (_name, broken) => {
    const { contracts, write } = await live();
    const before = contracts.current;
    await write(broken);
    for (let look = 0; look < 3; look += 1) {
      now += 2_000;
      expect(await contracts.fresh()).toBe(before);
    }
    expect(lines.filter((line) => line.includes('CONTRACTS_BROKEN'))).toHaveLength(1);
    await write(withField('gift_note', '1.1.0'));
    now += 2_000;
    expect((await contracts.fresh()).get('orders')!.version).toBe('1.1.0');
  });

  test('stay the old ones while the source is away, and that is said once each time', async () => {
    const { contracts, write, lake } = await live();
    const before = contracts.current;
    for (const _time of [1, 2]) {
      await lake.remove('lake', 'control/contracts.json');
      for (let look = 0; look < 3; look += 1) {
        now += 2_000;
        expect(await contracts.fresh()).toBe(before);
      }
      await write(COMMITTED);
      now += 2_000;
      await contracts.fresh();
    }
    expect(lines.filter((line) => line.includes('CONTRACTS_BROKEN'))).toHaveLength(2);
  });

  test('are read from the file that CONTRACTS names', async () => {
    const contracts = await openContracts(log(), { CONTRACTS: file });
    writeFileSync(file, withField('gift_note', '1.1.0'));
    expect((await contracts.fresh({ force: true })).get('orders')!.version).toBe('1.1.0');
  });

  test('are told to a pipeline as far as it can read them', () => {
    const told = (CONTRACTS: string | undefined, sharesFiles: boolean) =>
      contractsLocation({ sharesFiles }, { CONTRACTS });
    expect(told(undefined, true)).toBe(COMPILED_CONTRACTS.pathname);
    expect(told('/instance/contracts.json', true)).toBe('/instance/contracts.json');
    expect(told('/app/contracts.json', false)).toBeUndefined();
    expect(told(undefined, false)).toBeUndefined();
    expect(told('gs://lake/contracts.json', false)).toBe('gs://lake/contracts.json');
  });

  test('must be there to begin with', async () => {
    await expect(
      openContracts(log(), { CONTRACTS: pathToFileURL(join(folder, 'none.json')).pathname }),
    ).rejects.toMatchObject({ code: 'CONTRACTS_NOT_COMPILED', message: expect.stringContaining('npm run contracts') });
  });
});
