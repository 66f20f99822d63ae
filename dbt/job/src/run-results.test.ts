import { describe, expect, test } from '@jest/globals';
import { summarise } from './run-results.ts';

const MARTS = ['customer_activity', 'customer_features'];

function results(...nodes: object[]): string {
  return JSON.stringify({ metadata: { dbt_version: '1.11.16' }, results: nodes });
}

const built = (name: string, rows: number) => ({
  unique_id: `model.tributary.${name}`,
  status: 'success',
  message: 'CREATE TABLE',
  adapter_response: { rows_affected: rows, bytes_billed: 1_000 },
  failures: null,
});

describe('summarise', () => {
  test('feature tables are named with their rows, and bytes billed add up over all nodes', () => {
    const text = results(
      { unique_id: 'model.tributary.unified_staging__orders', status: 'success', adapter_response: {} },
      built('customer_activity', 7),
      {
        unique_id: 'test.tributary.not_null_customer_activity_customer_id.1f',
        status: 'pass',
        adapter_response: { bytes_billed: 500 },
      },
    );
    expect(summarise(text, MARTS)).toEqual({
      marts: ['customer_activity'],
      counts: { models: 2, tests: 1, customer_activity: 7 },
      bytesBilled: 1_500,
      failing: [],
    });
  });

  test('a feature table whose test fails is not offered to those who come after', () => {
    const text = results(built('customer_activity', 7), built('customer_features', 3), {
      unique_id: 'test.tributary.unique_customer_features_customer_id.2a',
      status: 'fail',
      message: 'Got 2 results, configured to fail if != 0',
      failures: 2,
    });
    const { marts, failing } = summarise(text, MARTS);
    expect(marts).toEqual(['customer_activity']);
    expect(failing).toEqual([
      {
        node: 'test.tributary.unique_customer_features_customer_id.2a',
        status: 'fail',
        message: 'Got 2 results, configured to fail if != 0',
      },
    ]);
  });

  test('what failed is named, and what was skipped because of it is not', () => {
    const text = results(
      {
        unique_id: 'model.tributary.unified_staging__orders',
        status: 'error',
        message: 'Database Error in model\n  Unrecognized name: kind\n  compiled code at target/x.sql',
      },
      { unique_id: 'model.tributary.customer_features', status: 'skipped', message: null },
    );
    expect(summarise(text, MARTS)).toMatchObject({
      marts: [],
      failing: [
        { node: 'model.tributary.unified_staging__orders', message: 'Database Error in model Unrecognized name: kind' },
      ],
    });
  });

  test('a warning fails nothing', () => {
    const text = results(built('customer_features', 3), {
      unique_id: 'test.tributary.t.1',
      status: 'warn',
      failures: 4,
    });
    expect(summarise(text, MARTS)).toMatchObject({ marts: ['customer_features'], failing: [] });
  });
});
