import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../../config/index.ts';
import { artifactsOf, compileContracts } from './artifacts.ts';
import { staleFiles, writeGenerated } from './generated.ts';
import { compileMappings } from './mappings.ts';

const FOLDER = new URL('contracts/', ROOT);
const contracts = await compileContracts(FOLDER);
const mappings = await compileMappings(FOLDER, contracts);
const artifacts = artifactsOf(contracts, mappings);
const artifact = (path: string): unknown => JSON.parse(artifacts.get(path)!);

test('the committed generated files are what the contracts and features make of them', async () => {
  expect(await staleFiles(ROOT, artifacts)).toEqual([]);
});

test('the same contracts make the same bytes', async () => {
  expect(artifactsOf(await compileContracts(FOLDER), await compileMappings(FOLDER, contracts))).toEqual(artifacts);
});

describe('what is generated', () => {
  test('a dropped field is in no warehouse schema, expectation or dbt source', () => {
    const names = (path: string) => artifacts.get(path)!.match(/(?<=name: |"name": "|"column": ")\w+/g);
    for (const path of [
      'contracts/generated/bigquery/customers.json',
      'contracts/generated/expectations/customers.json',
      'dbt/models/staging/_sources.yml',
    ]) {
      expect(names(path)).toContain('email');
      expect(names(path)).not.toContain('address');
    }
  });

  test('what is looked up is a column of the warehouse, and in no row on its way there', () => {
    const columns = artifact('contracts/generated/bigquery/order_lines.json') as { name: string; type: string }[];
    expect(columns.slice(-2)).toEqual([
      expect.objectContaining({ name: 'product_category', type: 'STRING' }),
      expect.objectContaining({ name: 'product_price', type: 'NUMERIC' }),
    ]);
    const row = artifact('contracts/generated/order_lines.schema.json') as { properties: object };
    expect(Object.keys(row.properties)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^product_[cp]/)]));
    expect(artifact('contracts/generated/expectations/order_lines.json')).not.toContainEqual({
      type: 'expect_column_values_to_not_be_null',
      kwargs: { column: 'product_category' },
    });
  });

  test('staging tables begin with the metadata columns, and every column is nullable', () => {
    const schema = artifact('contracts/generated/bigquery/orders.json') as {
      name: string;
      type: string;
      mode: string;
    }[];
    expect(schema.map(({ name }) => name)).toEqual([
      ...[
        '_event_id',
        '_op',
        '_lsn',
        '_tx',
        '_source_time',
        '_event_time',
        '_ingested_at',
        '_contract_version',
        '_origin',
      ],
      ...['_batch_uri', '_batch_generation', '_batch_line', '_absent'],
      ...['order_id', 'customer_id', 'kind', 'status', 'country', 'order_time', 'updated_at'],
    ]);
    expect(new Set(schema.map(({ mode }) => mode))).toEqual(new Set(['NULLABLE']));
  });

  test('expectations say what the contract says', () => {
    const expectations = artifact('contracts/generated/expectations/order_lines.json');
    expect(expectations).toContainEqual({
      type: 'expect_column_values_to_be_between',
      kwargs: { column: 'quantity', min_value: 1 },
    });
    expect(expectations).toContainEqual({
      type: 'expect_column_values_to_be_in_set',
      kwargs: { column: 'kind', value_set: ['purchase', 'return'] },
    });
    expect(expectations).not.toContainEqual({
      type: 'expect_column_values_to_not_be_null',
      kwargs: { column: 'customer_id' },
    });
  });

  test("dbt's sources promise the contract's freshness", () => {
    const { sources } = parse(artifacts.get('dbt/models/staging/_sources.yml')!) as {
      sources: { tables: { name: string; config: unknown }[] }[];
    };
    expect(sources[0]!.tables.find(({ name }) => name === 'customers')!.config).toEqual({
      loaded_at_field: '_ingested_at',
      freshness: { error_after: { count: 15, period: 'minute' } },
    });
  });
});

describe('generated files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-generated-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('a check names what is missing, changed and left over, and writing mends exactly that', async () => {
    const root = pathToFileURL(`${folder}/`);
    await writeGenerated(root, artifacts);
    expect(await staleFiles(root, artifacts)).toEqual([]);

    const untouched = statSync(join(folder, 'contracts/generated/types.ts')).mtimeMs;
    rmSync(join(folder, 'contracts/generated/contracts.json'));
    writeFileSync(join(folder, 'dbt/models/staging/_sources.yml'), 'edited by hand');
    mkdirSync(join(folder, 'contracts/generated/bigquery'), { recursive: true });
    writeFileSync(join(folder, 'contracts/generated/bigquery/gone.json'), '[]');
    const stale = [
      { path: 'contracts/generated/bigquery/gone.json', state: 'left over' },
      { path: 'contracts/generated/contracts.json', state: 'missing' },
      { path: 'dbt/models/staging/_sources.yml', state: 'changed' },
    ];
    expect(await staleFiles(root, artifacts)).toEqual(stale);
    expect(await writeGenerated(root, artifacts)).toEqual(stale);
    expect(await staleFiles(root, artifacts)).toEqual([]);
    expect(statSync(join(folder, 'contracts/generated/types.ts')).mtimeMs).toBe(untouched);
  });

  test('two contracts of one table are refused', async () => {
    const copy = (stream: string) => writeFileSync(join(folder, `${stream}.odcs.yaml`), contractText(stream));
    copy('first');
    copy('second');
    await expect(compileContracts(pathToFileURL(`${folder}/`))).rejects.toThrow(
      "second.odcs.yaml: physicalName: shop.one is already first's table.",
    );
  });

  test('a folder without contracts is refused', async () => {
    await expect(compileContracts(pathToFileURL(`${folder}/`))).rejects.toThrow('has no *.odcs.yaml');
  });
});

function contractText(stream: string): string {
  return `
apiVersion: v3.1.0
kind: DataContract
version: 1.0.0
schema:
  - name: ${stream}
    physicalName: shop.one
    description: A stream.
    properties:
      - { name: id, description: Its id., logicalType: string, physicalType: text, primaryKey: true, classification: public }
slaProperties:
  - { property: freshness, value: 1, unit: h }
`;
}
