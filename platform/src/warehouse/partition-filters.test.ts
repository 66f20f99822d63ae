import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../config/index.ts';
import { appendOnce } from './append-once.ts';
import { declaredTables } from './tables.ts';

/** Deployables' folders. `local-emulator` and `bench` ask the emulator, which refuses nothing. */
const FOLDERS = ['functions', 'run-services', 'platform/src', 'dbt', 'great_expectations', 'feast'];
const SOURCE = /(?<!test|itest)\.(ts|yaml|sql|py)$/;

const required = declaredTables(new Map()).filter(({ requirePartitionFilter }) => requirePartitionFilter);

/** Statements about a table: text from its name to the end of the literal (or the file) that it stands in. */
function statementsAbout(table: string): string[] {
  const start = new RegExp(`\\b(?:FROM|MERGE|UPDATE|JOIN|DELETE FROM)\\s+ops\\.${table}\\b`, 'g');
  return FOLDERS.flatMap((folder) => {
    const root = fileURLToPath(new URL(`${folder}/`, ROOT));
    const files = (readdirSync(root, { recursive: true }) as string[]).filter(
      (name) => SOURCE.test(name) && !/(^|\/)(node_modules|tests?|target|testing)\//.test(name),
    );
    return files.flatMap((name) => {
      const text = readFileSync(root + name, 'utf8');
      return [...text.matchAll(start)].map(({ index }) => text.slice(index, text.indexOf('`', index) + 1 || undefined));
    });
  });
}

describe('a table that requires a filter on its partitions', () => {
  test('is not one whose texts an erasure looks through', () => {
    const looked = readFileSync(new URL('run-services/erase/src/places/warehouse-rows.ts', ROOT), 'utf8');
    const texts = looked.match(/column_name IN \(([^)]*)\)/)![1]!;
    expect(required.map(({ table }) => table).sort()).toEqual(['costs', 'dbt_results']);
    for (const { columns } of required) for (const { name } of columns) expect(texts).not.toContain(`'${name}'`);
  });

  test('ops.costs is asked by its partitions in every statement', () => {
    const { partitionBy } = required.find(({ table }) => table === 'costs')!;
    const statements = statementsAbout('costs');
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements)
      expect(statement).toMatch(new RegExp(`\\b${partitionBy}\\b\\s*(>|BETWEEN|\\$)`));
  });

  test('results are appended to ops.dbt_results by its partitions, and nothing else asks for them', async () => {
    const name = 'dbt_results';
    const { partitionBy } = required.find(({ table }) => table === name)!;
    const asked: string[] = [];
    const query = async <T>(sql: string): Promise<T[]> => {
      asked.push(sql);
      return [];
    };
    await appendOnce({ query }, name, [{ result_id: 'r' }], {});
    expect(statementsAbout(name)).toEqual([]);
    expect(asked).toEqual([expect.stringContaining(`known.${partitionBy} > TIMESTAMP_SUB(CURRENT_TIMESTAMP()`)]);
  });
});
