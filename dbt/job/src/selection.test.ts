import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Row, Warehouse } from '@tributary/platform/warehouse';
import { type Relation, readProject } from './project.ts';
import { select, selectionArgs } from './selection.ts';

const PROJECT = readProject();

/** A warehouse where these relations carry the label that is asked for. */
function warehouseWith(relations: readonly Relation[], label: string): Pick<Warehouse, 'query'> {
  return {
    async query<T extends Row>(_sql: string, options?: { params?: Readonly<Record<string, unknown>> }): Promise<T[]> {
      return (options?.params?.label === label ? relations : []).map(({ dataset, name }) => ({
        dataset,
        name,
      })) as unknown as T[];
    },
  };
}

const CURRENT = `"definition", "${PROJECT.definition}"`;

describe('select', () => {
  test('only tables of the changed streams are built where every relation was made from this project', async () => {
    const selection = await select(PROJECT, ['orders', 'order_lines'], [], warehouseWith(PROJECT.relations, CURRENT));
    expect(selection).toEqual({ kind: 'changed', streams: ['orders', 'order_lines'], again: [] });
    expect(selectionArgs(selection)).toEqual([
      '--select',
      'source:staging.orders+,config.materialized:table',
      'source:staging.order_lines+,config.materialized:table',
    ]);
  });

  test('what failed before is run again, whichever streams changed', async () => {
    const again = ['not_null_unified_staging__orders', 'customer_features'];
    const selection = await select(PROJECT, ['user_events'], again, warehouseWith(PROJECT.relations, CURRENT));
    expect(selectionArgs(selection)).toEqual([
      '--select',
      'source:staging.user_events+,config.materialized:table',
      ...again,
    ]);
  });

  test('everything is built where one relation is missing', async () => {
    for (const missing of PROJECT.relations) {
      const others = PROJECT.relations.filter((relation) => relation !== missing);
      expect(await select(PROJECT, ['orders'], [], warehouseWith(others, CURRENT))).toEqual({ kind: 'all' });
    }
    expect(selectionArgs({ kind: 'all' })).toEqual([]);
  });

  test('everything is built where relations were made from another version of the project', async () => {
    const other = warehouseWith(PROJECT.relations, '"definition", "of-another-version"');
    expect(await select(PROJECT, ['orders'], [], other)).toEqual({ kind: 'all' });
  });

  test('everything is built where no stream is named', async () => {
    expect(await select(PROJECT, [], [], warehouseWith(PROJECT.relations, CURRENT))).toEqual({ kind: 'all' });
  });
});

describe('readProject', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbt-project-'));
    for (const part of ['dbt_project.yml', 'macros', 'models']) {
      cpSync(join(PROJECT.folder, part), join(folder, part), { recursive: true });
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('the definition is the same wherever the project lies, and fits a BigQuery label', () => {
    expect(readProject(folder).definition).toBe(PROJECT.definition);
    expect(PROJECT.definition).toMatch(/^[a-z0-9_-]{1,63}$/);
  });

  test.each([
    'dbt_project.yml',
    'macros/unified_staging.sql',
    'models/staging/_sources.yml',
    'models/marts/customer_features.sql',
  ])('a change of %s is another definition', (file) => {
    writeFileSync(join(folder, file), '\n', { flag: 'a' });
    expect(readProject(folder).definition).not.toBe(PROJECT.definition);
  });

  test('it knows each relation of docs/interfaces.md', () => {
    expect(PROJECT.marts).toEqual(['customer_activity', 'customer_features', 'product_features']);
    for (const stream of ['customers', 'products', 'orders', 'order_lines', 'user_events']) {
      for (const layer of ['batch_staging', 'streaming_staging', 'unified_staging']) {
        expect(PROJECT.relations).toContainEqual({ dataset: 'staging', name: `${layer}__${stream}` });
      }
    }
  });
});
