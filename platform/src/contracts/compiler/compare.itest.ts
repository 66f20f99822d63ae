import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ROOT } from '../../config/index.ts';
import { compareContracts } from './compare.ts';

// Each comparison is a Python process that loads datacontract-cli.
jest.setTimeout(60_000);

/** A repository of its own with the committed contracts on main, and a branch with what the test changes. */
let folder: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
    cwd: folder,
    stdio: 'pipe',
  });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compare-'));
  cpSync(fileURLToPath(new URL('contracts/', ROOT)), join(folder, 'contracts'), { recursive: true });
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'contracts');
  git('checkout', '-q', '-b', 'change');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Changes the contract of orders, one text for another each. */
function change(...pairs: (readonly [string, string])[]): void {
  const file = join(folder, 'contracts/orders.odcs.yaml');
  let text = readFileSync(file, 'utf8');
  for (const [before, after] of pairs) {
    expect(text).toContain(before);
    text = text.replace(before, after);
  }
  writeFileSync(file, text);
}

const compare = (ref?: string) => compareContracts(pathToFileURL(`${folder}/`), ref);
const COUNTRY = /( {6}- name: country\n(?: {8}.*\n)+)/.exec(
  readFileSync(new URL('contracts/orders.odcs.yaml', ROOT), 'utf8'),
)![1]!;
const NOTE = COUNTRY.replace('name: country', 'name: gift_note');
const VERSION = ['version: 1.0.0', 'version: 1.1.0'] as const;

describe('contracts since a commit', () => {
  test('that did not change break nothing', async () => {
    expect(await compare()).toMatchObject({ compared: 5, faults: [], announced: [] });
  });

  test.each<[string, (readonly [string, string])[]]>([
    ['a nullable field more', [[COUNTRY, COUNTRY + NOTE], VERSION]],
    ['another description', [['Country it was ordered from', 'The country it was ordered from']]],
  ])('%s breaks nothing', async (_name, pairs) => {
    change(...pairs);
    expect((await compare()).faults).toEqual([]);
  });

  test('a column that gets wider breaks nothing, and one that gets narrower does', async () => {
    change(['physicalType: bigint', 'physicalType: integer'], VERSION);
    expect((await compare()).faults).toEqual([expect.stringContaining('field customer_id')]);
    git('commit', '-q', '-a', '-m', 'narrow');
    change(['physicalType: integer', 'physicalType: bigint'], ['version: 1.1.0', 'version: 1.2.0']);
    expect((await compare('HEAD')).faults).toEqual([]);
  });

  test.each<[string, (readonly [string, string])[], string[]]>([
    ['a field that is gone', [[COUNTRY, ''], VERSION], ['orders.odcs.yaml: field country: Removed property country.']],
    [
      'a required field that is renamed',
      [['- name: status', '- name: state'], VERSION],
      ['field status: Removed property status.', 'field state: Added property state.'],
    ],
    [
      'a field that becomes required',
      [[COUNTRY, COUNTRY.replace('        logicalType', '        required: true\n        logicalType')], VERSION],
      ['field country: '],
    ],
    ['a value that is allowed no more', [['[purchase, return]', '[purchase]'], VERSION], ['field kind: ']],
    [
      'a personal field',
      [[COUNTRY, `${COUNTRY}        customProperties:\n          - { property: pii, value: tokenize }\n`], VERSION],
      ['field country: pii changed from none to tokenize.'],
    ],
  ])('%s is named with its contract, field, change and remedy', async (_name, pairs, sentences) => {
    change(...pairs);
    const { faults } = await compare();
    expect(faults).toHaveLength(sentences.length);
    for (const sentence of sentences) {
      expect(faults).toContainEqual(expect.stringContaining(sentence));
    }
    for (const fault of faults)
      expect(fault).toMatch(/^orders\.odcs\.yaml: field .*set version to 2\.0\.0 and migrate/);
  });

  test('a breaking change under a new major version is announced', async () => {
    change([COUNTRY, ''], ['version: 1.0.0', 'version: 2.0.0']);
    expect(await compare()).toMatchObject({
      faults: [],
      announced: ['orders.odcs.yaml: field country: Removed property country (version 2.0.0).'],
    });
  });

  test('a change that keeps the version is refused', async () => {
    change([COUNTRY, COUNTRY + NOTE]);
    expect((await compare()).faults).toEqual([expect.stringContaining('raise 1.0.0 by a minor version')]);
  });

  test('a contract that is gone is refused', async () => {
    rmSync(join(folder, 'contracts/orders.odcs.yaml'));
    expect((await compare()).faults).toEqual([expect.stringContaining('orders.odcs.yaml: the contract is gone')]);
  });

  test('a commit that this clone lacks is named', async () => {
    await expect(compare('no-such-commit')).rejects.toMatchObject({
      code: 'GIT_UNAVAILABLE',
      message: expect.stringContaining('no-such-commit'),
    });
  });
});
