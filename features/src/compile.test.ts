import { describe, expect, test } from '@jest/globals';
import { loadContracts } from '@tributary/platform/contracts';
import { compileFeatures } from './compile.ts';
import { customerActivity } from './customer-activity.ts';
import { declarations } from './declarations.ts';
import type { FeatureDeclarations, FeatureGroup } from './dsl.ts';
import { loadFeatures } from './load.ts';

const contracts = loadContracts();
const [clicks, lines] = customerActivity.sources;

function withGroup(change: Partial<FeatureGroup>): FeatureDeclarations {
  return { ...declarations, groups: [{ ...customerActivity, ...change }] };
}

describe('compileFeatures', () => {
  const compiled = compileFeatures(declarations, contracts);

  test('the committed features.json is what the declarations make', () => {
    expect(loadFeatures()).toEqual(compiled);
  });

  test('a group has one feature per aggregation and window, with windows in seconds', () => {
    const [group] = compiled.groups;
    expect(group!.features.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'events_5m INT64',
      'events_1h INT64',
      'events_24h INT64',
      'spend_5m FLOAT64',
      'spend_1h FLOAT64',
      'spend_24h FLOAT64',
    ]);
    expect(group!.windows.map(({ seconds }) => seconds)).toEqual([300, 3600, 86_400]);
    expect(group!.hop_seconds).toBe(60);
    expect(group!.sources).toEqual([
      { stream: 'user_events', entity_field: 'user_id', event_time: 'event_time', ops: ['c', 'r'] },
      {
        stream: 'order_lines',
        entity_field: 'customer_id',
        event_time: 'order_time',
        ops: ['c', 'r'],
        spend: { multiply: ['quantity', 'unit_price'], where: { field: 'kind', equals: 'purchase' } },
      },
    ]);
  });

  test('money is exact in the warehouse and a double online', () => {
    const column = compiled.views
      .find(({ name }) => name === 'customer_features')!
      .columns.find(({ name }) => name === 'gross_revenue');
    expect(column).toMatchObject({ type: 'FLOAT64', warehouse_type: 'NUMERIC' });
  });

  test.each<[string, FeatureDeclarations, string]>([
    [
      'a stream without a contract',
      withGroup({ sources: [{ ...clicks!, stream: 'clicks' }] }),
      'no contract has this stream',
    ],
    [
      'an entity field that is not there',
      withGroup({ sources: [{ ...clicks!, entityField: 'visitor' }] }),
      'no field visitor',
    ],
    [
      'an entity field of another type',
      withGroup({ sources: [{ ...clicks!, entityField: 'item_id' }] }),
      "not of the entity's type INT64",
    ],
    [
      'another clock than the files have',
      withGroup({ sources: [{ ...lines!, eventTime: 'updated_at' }] }),
      "the contract's is order_time",
    ],
    ['a sum nothing measures', withGroup({ sources: [clicks!] }), 'spend sums "spend", which no source measures'],
    [
      'an inexact factor',
      withGroup({ sources: [{ ...lines!, measures: { spend: { multiply: ['country'] } } }] }),
      'sums must be exact',
    ],
    [
      'a condition that never holds',
      withGroup({
        sources: [
          { ...lines!, measures: { spend: { multiply: ['quantity'], where: { field: 'kind', equals: 'buy' } } } },
        ],
      }),
      'it is one of purchase, return',
    ],
    [
      'a measure that hides a member',
      withGroup({ sources: [{ ...lines!, measures: { ops: { multiply: ['quantity'] } } }] }),
      'cannot be called ops',
    ],
    ['a hop that does not divide a window', withGroup({ hop: '7m' }), 'window 5m is no multiple of the hop 7m'],
    ['no duration', withGroup({ windows: ['0m'] }), '"0m" is no duration'],
    ['one window twice', withGroup({ windows: ['5m', '5m'] }), 'the name events_5m is used twice'],
    [
      'a view named as a group',
      { ...declarations, views: [{ ...declarations.views[0]!, name: 'customer_activity' }] },
      'customer_activity is used twice',
    ],
    [
      'a service of a view that is not there',
      { ...declarations, services: [{ name: 's', description: 'd', views: ['v'] }] },
      'service s: there is no view v',
    ],
  ])('%s is refused with its place and remedy', (_name, wrong, message) => {
    expect(() => compileFeatures(wrong, contracts)).toThrow(
      expect.objectContaining({ code: 'FEATURES_INVALID', message: expect.stringContaining(message) }),
    );
  });

  test('a field that is looked up cannot be computed with', () => {
    const source = { ...clicks!, stream: 'order_lines', entityField: 'customer_id', eventTime: 'order_time' };
    const measures = { spend: { multiply: ['quantity', 'product_price'] } };
    expect(() => compileFeatures(withGroup({ sources: [{ ...source, measures }] }), contracts)).toThrow(
      'product_price is looked up on the way to files',
    );
  });

  test('a masked or dropped field cannot be computed with', () => {
    const customers = contracts.get('customers')!;
    const hidden = {
      ...customers,
      fields: customers.fields.map((field) => ({
        ...field,
        pii: field.name === 'customer_id' ? ('drop' as const) : field.pii,
      })),
    };
    const source = { ...clicks!, stream: 'customers', entityField: 'customer_id', eventTime: 'updated_at' };
    expect(() => compileFeatures(withGroup({ sources: [source] }), new Map([['customers', hidden]]))).toThrow(
      'is of class drop',
    );
  });
});
