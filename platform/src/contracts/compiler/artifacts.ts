import { readdir, readFile } from 'node:fs/promises';
import { compileFeatures, declarations } from '@tributary/features';
import { UserError } from '../../errors/index.ts';
import type { CompiledContract } from '../contract.ts';
import { jsonSchemaOf } from '../json-schema.ts';
import type { CompiledMapping } from '../mapping.ts';
import { stagingColumns } from '../metadata.ts';
import { compileContract } from './compile.ts';
import { expectationsOf } from './expectations.ts';
import { featureRowSchemaOf } from './feature-row-schema.ts';
import { lifecycleOf } from './lifecycle.ts';
import { checkLookups } from './lookups.ts';
import { checkSubjects } from './subjects.ts';
import { declaredWarehouse } from './tables.ts';
import { typescriptOf } from './typescript.ts';
import { dbtSourcesOf } from './warehouse.ts';

const CONTRACT_FILE = /^[a-z][a-z0-9_]*\.odcs\.yaml$/;

/** Folders that hold nothing but generated files. */
export const GENERATED_FOLDERS = ['contracts/generated', 'features/generated'];

/** The contracts' files in a folder, by name. */
export async function contractFiles(folder: URL): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.odcs.yaml')).sort();
  const misnamed = files.find((name) => !CONTRACT_FILE.test(name));
  if (misnamed)
    throw new UserError(
      'CONTRACT_INVALID',
      `${misnamed}: a contract is called <stream>.odcs.yaml, in lower case, digits and _.`,
    );
  if (files.length === 0)
    throw new UserError('CONTRACT_INVALID', `${folder.pathname} has no *.odcs.yaml; add one per stream.`);
  return files;
}

/** @throws {UserError} CONTRACT_INVALID naming file, field and remedy. */
export async function compileContracts(folder: URL): Promise<CompiledContract[]> {
  const contracts = await Promise.all(
    (await contractFiles(folder)).map(async (file) =>
      compileContract(file, await readFile(new URL(file, folder), 'utf8')),
    ),
  );
  const byTable = new Map<string, CompiledContract>();
  for (const contract of contracts) {
    const table = `${contract.table.schema}.${contract.table.name}`;
    const other = byTable.get(table);
    if (other)
      throw new UserError(
        'CONTRACT_INVALID',
        `${contract.stream}.odcs.yaml: physicalName: ${table} is already ${other.stream}'s table.`,
      );
    byTable.set(table, contract);
  }
  checkLookups(contracts);
  checkSubjects(contracts);
  return contracts;
}

/**
 * Everything that follows from the contracts, the mappings and the feature declarations, by path from the root. A pure function of its input: the same
 * contracts make the same bytes.
 */
export function artifactsOf(
  contracts: readonly CompiledContract[],
  mappings: readonly CompiledMapping[],
): Map<string, string> {
  const byDataset = Object.fromEntries(mappings.map((mapping) => [mapping.dataset, mapping]));
  const byStream = new Map(contracts.map((contract) => [contract.stream, contract]));
  const features = compileFeatures(declarations, byStream);
  const artifacts = new Map<string, string>([
    ['contracts/generated/contracts.json', json({ streams: Object.fromEntries(byStream) })],
    ['contracts/generated/lifecycle.json', json(lifecycleOf(contracts, mappings))],
    ['contracts/generated/mappings.json', json({ datasets: byDataset })],
    ['contracts/generated/tables.json', json(declaredWarehouse(contracts))],
    ['contracts/generated/types.ts', typescriptOf(contracts)],
    ['dbt/models/staging/_sources.yml', dbtSourcesOf(contracts)],
    ['features/generated/features.json', json(features)],
    ['features/generated/feature-row.proto', featureRowSchemaOf(features)],
  ]);
  for (const contract of contracts) {
    artifacts.set(`contracts/generated/${contract.stream}.schema.json`, json(jsonSchemaOf(contract)));
    artifacts.set(`contracts/generated/bigquery/${contract.stream}.json`, json(stagingColumns(contract)));
    artifacts.set(`contracts/generated/expectations/${contract.stream}.json`, json(expectationsOf(contract)));
  }
  return artifacts;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
