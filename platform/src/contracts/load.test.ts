import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { contractOfTable, loadContracts } from './index.ts';

describe('loadContracts', () => {
  let file: string;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-contracts-'));
    file = join(folder, 'contracts.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('the committed contracts are the five streams', () => {
    expect([...loadContracts().keys()].sort()).toEqual([
      'customers',
      'order_lines',
      'orders',
      'products',
      'user_events',
    ]);
  });

  test.each([
    ['a missing file', undefined],
    ['no JSON', '{'],
    ['another format', '{"streams":{"orders":{}}}'],
  ])('%s is refused with the command that mends it', (_name, content) => {
    if (content !== undefined) writeFileSync(file, content);
    expect(() => loadContracts(pathToFileURL(file))).toThrow(
      expect.objectContaining({
        code: 'CONTRACTS_NOT_COMPILED',
        message: expect.stringContaining('npm run contracts'),
      }),
    );
  });

  test('a table is found by schema and name, and only so', () => {
    const contracts = loadContracts();
    expect(contractOfTable(contracts, 'shop', 'orders')?.stream).toBe('orders');
    expect(contractOfTable(contracts, 'public', 'orders')).toBeUndefined();
    expect(contractOfTable(contracts, 'shop', 'heartbeat')).toBeUndefined();
  });
});
