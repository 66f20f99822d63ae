import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BigQueryWarehouse } from './bigquery.ts';

let server: Server;
/** Configurations of the jobs that BigQuery was asked for. */
let asked: Record<string, unknown>[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      if (request.method === 'POST')
        asked.push((JSON.parse(text) as { configuration: Record<string, unknown> }).configuration);
      response.setHeader('content-type', 'application/json');
      const jobReference = { projectId: 'p', jobId: 'job', location: 'US' };
      const statistics = { load: { outputRows: '1', outputBytes: '2' } };
      response.end(
        JSON.stringify({ jobReference, status: { state: 'DONE' }, statistics, jobComplete: true, totalRows: '0' }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function warehouse(): BigQueryWarehouse {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new BigQueryWarehouse({ projectId: 'p', location: 'US', endpoint, maxBytesBilled: '1234' });
}

test('a query says what it is for and what it may be billed for at most', async () => {
  await warehouse().query('SELECT 1', { labels: { stage: 'load', run_id: 'Run/1' } });
  await warehouse().query('SELECT 1', { maximumBytesBilled: '7' });
  expect(asked).toMatchObject([
    { labels: { app: 'tributary', stage: 'load', run_id: 'run-1' }, query: { maximumBytesBilled: '1234' } },
    { labels: { app: 'tributary' }, query: { maximumBytesBilled: '7' } },
  ]);
});

test('a load, which costs nothing, says what it is for', async () => {
  const labels = { stage: 'load', stream: 'orders' };
  await warehouse().load({ jobId: 'job', dataset: 'staging', table: 'orders', uris: ['gs://lake/part'], labels });
  expect(asked).toMatchObject([{ labels: { app: 'tributary', ...labels } }]);
});
