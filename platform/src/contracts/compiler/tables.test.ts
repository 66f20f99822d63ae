import { expect, test } from '@jest/globals';
import { ROOT } from '../../config/index.ts';
import { declaredTables } from '../../warehouse/tables.ts';
import type { CompiledContract } from '../contract.ts';
import { compileContracts } from './artifacts.ts';
import { declaredWarehouse } from './tables.ts';

const contracts = await compileContracts(new URL('contracts/', ROOT));
const declared = declaredWarehouse(contracts);

test('Terraform is told of exactly the tables that the platform makes', () => {
  const made = declaredTables(new Map(contracts.map((contract) => [contract.stream, contract])));
  expect(Object.keys(declared.tables).sort()).toEqual(made.map(({ dataset, table }) => `${dataset}.${table}`).sort());
  for (const table of made) {
    const { columns, ...rest } = declared.tables[`${table.dataset}.${table.table}`]!;
    expect({ ...rest, columns: columns.map(({ name, type }) => ({ name, type })) }).toEqual({
      ...table,
      columns: table.columns.map(({ name, type }) => ({ name, type })),
    });
  }
});

test('every stored field of a personal class says so, and no other column does', () => {
  const tagged = Object.values(declared.tables).flatMap(({ dataset, table, columns }) =>
    columns.flatMap(({ name, pii }) => (pii ? [`${dataset}.${table}.${name} ${pii}`] : [])),
  );
  const personal = contracts.flatMap(({ stream, fields }) =>
    fields.flatMap(({ name, pii }) =>
      pii === 'tokenize' || pii === 'mask' ? [`staging.${stream}.${name} ${pii}`] : [],
    ),
  );
  expect(tagged.sort()).toEqual(personal.sort());
  expect(tagged).toContain('staging.customers.email tokenize');
});

test('a column of ops is no stream’s field, also where a stream has the name of its table', () => {
  const costs: CompiledContract = {
    ...contracts[0]!,
    stream: 'costs',
    fields: [{ name: 'job_id', type: 'STRING', required: false, pii: 'tokenize', description: 'A name' }],
    primaryKey: ['job_id'],
  };
  const { tables } = declaredWarehouse([costs]);
  expect(tables['staging.costs']!.columns.at(-1)).toMatchObject({ name: 'job_id', pii: 'tokenize' });
  expect(tables['ops.costs']!.columns.filter(({ pii }) => pii)).toEqual([]);
});
