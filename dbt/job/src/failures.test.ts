import { describe, expect, test } from '@jest/globals';
import { failureOf } from './failures.ts';

const of = (message: string) => failureOf({ message, jobId: 'job-1' });

describe('why a node failed', () => {
  test.each([
    ['Got 3 results, configured to fail if != 0', 'DBT_TEST_FAILED', false],
    ['Database Error\n  Query exceeded limit for bytes billed: 10. 20 or higher required.', 'DBT_BYTES_LIMIT', false],
    ['Database Error\n  Unrecognized name: kind; Did you mean kinds? at [3:4]', 'DBT_SQL_INVALID', false],
    ['Database Error\n  Syntax error: Unexpected keyword FROM at [1:1]', 'DBT_SQL_INVALID', false],
    ['Compilation Error in model x\n  depends on a node that is not there', 'DBT_SQL_INVALID', false],
    ['Not found: Table p:staging.orders was not found in location US', 'DBT_RELATION_MISSING', false],
    ['Catalog Error: Table with name orders does not exist!', 'DBT_RELATION_MISSING', false],
    ['Access Denied: Table p:staging.orders: User does not have permission', 'DBT_ACCESS_DENIED', false],
    ['Quota exceeded: Your project exceeded quota for free query bytes', 'DBT_QUOTA_EXCEEDED', false],
    ['Exceeded rate limits: reason: rateLimitExceeded', 'DBT_WAREHOUSE_UNAVAILABLE', true],
    ['503 GET https://bigquery: Service Unavailable error', 'DBT_WAREHOUSE_UNAVAILABLE', true],
    [
      'HTTPConnectionPool: Max retries exceeded (Failed to establish a new connection)',
      'DBT_WAREHOUSE_UNAVAILABLE',
      true,
    ],
    ['Operation did not complete within the designated timeout of 600 seconds.', 'DBT_WAREHOUSE_UNAVAILABLE', true],
    ['Bad int64 value: ann@example.com', 'DBT_QUERY_FAILED', false],
  ])('%s', (message, code, transient) => {
    expect(of(message)).toMatchObject({ code, transient });
  });

  test('no value that BigQuery quotes is told; its job is named instead', () => {
    const { message } = of("Could not cast literal 'ann@example.com' to type INT64");
    expect(message).toContain('job-1');
    expect(message).not.toContain('ann@');
  });
});
