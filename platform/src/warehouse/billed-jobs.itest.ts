import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { readConfigFrom } from '../config/index.ts';
import { BigQueryWarehouse } from './bigquery.ts';
import { BigQueryBilledJobs } from './billed-jobs.ts';
import { bigQueryClient } from './client.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await startComponents(['bigquery'], { needs: false });
}, 300_000);
afterAll(() => stack?.stop(), 60_000);

test("BigQuery's list has every job of the platform with its labels and price, and others' jobs are left out", async () => {
  const { warehouse: config } = readConfigFrom(stack.env, 'warehouse');
  const warehouse = new BigQueryWarehouse(config);
  const bigquery = bigQueryClient(config);
  const begun = Date.now();
  await warehouse.query('SELECT COUNT(*) AS n FROM ops.events', { labels: { stage: 'a test', run_id: 'Run/1' } });
  await bigquery.query({ query: 'SELECT COUNT(*) AS n FROM ops.loads', labels: { app: 'somebody-else' } });
  await bigquery.query('SELECT COUNT(*) AS n FROM ops.loads');
  const jobs = await new BigQueryBilledJobs(config).since(begun);
  expect(jobs).toEqual([
    {
      id: expect.stringMatching(/^query_/),
      kind: 'QUERY',
      createdAt: expect.any(Number),
      endedAt: expect.any(Number),
      // The least that BigQuery bills for a table.
      bytesBilled: 10_485_760,
      labels: { app: 'tributary', stage: 'a-test', run_id: 'run-1' },
    },
  ]);
  expect(jobs[0]!.createdAt).toBeGreaterThanOrEqual(begun);
  expect(await new BigQueryBilledJobs(config).since(Date.now() + 60_000)).toEqual([]);
}, 60_000);
