import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readProject } from './project.ts';

/** What a dbt model has to agree with: the contracts and the feature declarations, where fields and features are declared. */
const ROOT = new URL('../../../', import.meta.url);
const PROJECT = readProject();

interface Contract {
  readonly primaryKey: readonly string[];
  readonly fields: readonly {
    readonly name: string;
    readonly type: string;
    readonly pii: string;
    readonly lookup?: object;
  }[];
}

interface Group {
  readonly mart: string;
  readonly windows: readonly { readonly name: string; readonly seconds: number }[];
  readonly features: readonly { readonly name: string; readonly kind: string; readonly window: string }[];
}

interface Described {
  readonly name: string;
  readonly description?: string;
}

const { streams } = readJson<{ streams: Record<string, Contract> }>('contracts/generated/contracts.json');
const features = readJson<{ groups: readonly Group[] }>('features/generated/features.json');
const models = ['staging', 'marts'].flatMap(propertiesOf);

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, ROOT), 'utf8')) as T;
}

function propertiesOf(folder: string): (Described & { columns: readonly Described[] })[] {
  const path = join(PROJECT.folder, 'models', folder);
  return readdirSync(path)
    .filter((file) => file.endsWith('.yml') && file !== '_sources.yml')
    .flatMap((file) => parse(readFileSync(join(path, file), 'utf8')).models ?? []);
}

function model(name: string): string {
  const dataset = PROJECT.relations.find((relation) => relation.name === name)!.dataset;
  return readFileSync(join(PROJECT.folder, 'models', dataset, `${name}.sql`), 'utf8');
}

describe('the dbt models', () => {
  test.each(Object.keys(streams))(
    '%s: its key and every text field but the key are what the unified model keeps track of',
    (stream) => {
      const { primaryKey, fields } = streams[stream]!;
      const text = fields.filter(
        ({ name, type, pii, lookup }) =>
          // What is looked up is there or unknown, never kept from the row before.
          ['STRING', 'BYTES', 'JSON'].includes(type) && pii !== 'drop' && !lookup && !primaryKey.includes(name),
      );
      const call = model(`unified_staging__${stream}`);
      expect(call).toContain(`'${stream}'`);
      expect(/primary_key='(\w+)'/.exec(call)?.[1]).toBe(primaryKey.join());
      const listed = /text_columns=\[(.*)\]/s.exec(call)?.[1] ?? '';
      expect(listed.split(',').map((name) => name.trim().replaceAll("'", ''))).toEqual(text.map(({ name }) => name));
    },
  );

  test.each(features.groups.map((group) => [group.mart, group] as const))(
    '%s has the features of its declaration over its windows',
    (mart, { windows, features }) => {
      const computed = [...model(mart).matchAll(/sum_over_last\('(\w+)', seconds=(\d+)\) }} as (\w+)/g)].map(
        ([, measure, seconds, name]) => ({ measure, seconds: Number(seconds), name }),
      );
      const measures: Record<string, string> = { count: 'events', sum: 'spend' };
      expect(computed).toEqual(
        features.map(({ name, kind, window }) => ({
          measure: measures[kind],
          seconds: windows.find((declared) => declared.name === window)!.seconds,
          name,
        })),
      );
    },
  );

  test('every model is described, and every column of it', () => {
    expect(models.map(({ name }) => name).sort()).toEqual(PROJECT.relations.map(({ name }) => name).sort());
    for (const { name, description, columns } of models) {
      expect([name, description]).toEqual([name, expect.stringMatching(/\w/)]);
      for (const column of columns) {
        expect([name, column.name, column.description]).toEqual([name, column.name, expect.stringMatching(/\w/)]);
      }
    }
  });

  test.each(Object.keys(streams))('%s: the columns described are those of the contract', (stream) => {
    const fields = streams[stream]!.fields.filter(({ pii }) => pii !== 'drop').map(({ name }) => name);
    for (const layer of ['batch_staging', 'streaming_staging', 'unified_staging']) {
      const columns = models.find(({ name }) => name === `${layer}__${stream}`)!.columns.map(({ name }) => name);
      expect(columns.filter((name) => !name.startsWith('_'))).toEqual(fields);
      expect(columns.filter((name) => name.startsWith('_'))).toHaveLength(13);
    }
  });
});
