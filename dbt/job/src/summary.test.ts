import { describe, expect, test } from '@jest/globals';
import { DbtGraph } from './manifest.ts';
import { readRunResults } from './run-results.ts';
import { summarise } from './summary.ts';
import { artifacts, MARTS, type Said } from './testing/artifacts.ts';

function summaryOf(said: Record<string, Said>) {
  const { runResults, manifest } = artifacts(said);
  return summarise(readRunResults(runResults), new DbtGraph(manifest), MARTS);
}

describe('what a run means for the feature tables', () => {
  test('those that were built are named with their rows, and bytes billed add up over all nodes', () => {
    expect(
      summaryOf({
        unified_clicks: {},
        customer_activity: { rows: 7, bytes: 1_000 },
        not_null_unified_clicks: { status: 'pass', bytes: 500 },
      }),
    ).toEqual({
      marts: ['customer_activity'],
      held: [],
      counts: { models: 2, tests: 1, customer_activity: 7 },
      bytesBilled: 1_500,
      failing: [],
    });
  });

  test('one that fails keeps back itself, and the others go on', () => {
    const summary = summaryOf({
      unified_orders: {},
      customer_features: { status: 'error', message: 'Database Error in model\n  Unrecognized name: kind at [3:4]' },
      product_features: { rows: 2 },
    });
    expect(summary).toMatchObject({
      marts: ['product_features'],
      held: ['customer_features'],
      failing: [
        {
          node: 'model.tributary.customer_features',
          code: 'DBT_SQL_INVALID',
          message: 'the SQL names kind, which is not there',
          keepsBack: ['customer_features'],
        },
      ],
    });
  });

  test('what failed is named with all that it keeps back, and what was skipped because of it is not', () => {
    const summary = summaryOf({
      unified_orders: { status: 'error', message: 'Not found: Table p:staging.orders was not found in location US' },
      customer_features: { status: 'skipped' },
      product_features: { status: 'skipped' },
      customer_activity: { rows: 1 },
    });
    expect(summary).toMatchObject({
      marts: ['customer_activity'],
      held: ['customer_features', 'product_features'],
      failing: [{ code: 'DBT_RELATION_MISSING', keepsBack: ['customer_features', 'product_features'] }],
    });
    expect(summary.failing).toHaveLength(1);
  });

  test.each([
    ['its own', 'unique_customer_features', 'customer_features'],
    ['one of a view that it is made from', 'not_null_unified_clicks', 'customer_activity'],
  ])('a table is held by a failing test: %s', (_which, failing, held) => {
    const summary = summaryOf({
      customer_features: { rows: 3 },
      customer_activity: { rows: 7 },
      [failing]: { status: 'fail', message: 'Got 2 results, configured to fail if != 0' },
    });
    expect(summary.held).toEqual([held]);
    expect(summary.marts).toEqual(MARTS.filter((mart) => mart !== held && mart !== 'product_features'));
    expect(summary.failing).toMatchObject([{ code: 'DBT_TEST_FAILED', message: '2 rows are at fault' }]);
  });

  test('a warning fails nothing, and a partial success is none', () => {
    expect(summaryOf({ customer_features: { rows: 3 }, unique_customer_features: { status: 'warn' } })).toMatchObject({
      marts: ['customer_features'],
      failing: [],
    });
    expect(summaryOf({ customer_features: { status: 'partial success' } })).toMatchObject({
      marts: [],
      held: ['customer_features'],
    });
  });
});

test('the graph knows which streams reach a feature table, however far away', () => {
  const graph = new DbtGraph(artifacts({}).manifest);
  expect(graph.streamsOf(graph.modelNamed('customer_features')!)).toEqual(['orders']);
  expect(graph.streamsOf(graph.modelNamed('customer_activity')!)).toEqual(['user_events']);
});
