import type { BigQuery } from '@google-cloud/bigquery';
import { describe, expect, test } from '@jest/globals';
import { loadOnce } from './load-job.ts';

const request = { jobId: 'load_orders_1', dataset: 'staging', table: 'orders', uris: ['gs://lake/a'], labels: {} };
const already = () => Object.assign(new Error('Already Exists: Job'), { code: 409 });
const lostAnswer = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
const failedAtOnce = () => Object.assign(new Error('quota'), { response: { jobReference: { jobId: request.jobId } } });

/** Answers each request for the job in turn, the last one with the job; the job has failed. */
function bigqueryAnswering(...answers: (() => Error)[]): BigQuery {
  const createJob = async () => {
    const answer = answers.shift();
    if (answer) throw answer();
  };
  const status = { state: 'DONE', errorResult: { reason: 'quotaExceeded', message: 'too many' } };
  const job = () => ({ id: request.jobId, getMetadata: async () => [{ status }] });
  return { projectId: 'local', createJob, job } as unknown as BigQuery;
}

describe('a load job that failed', () => {
  test.each([
    ['was there before', [already], true],
    ['is of this call', [], false],
    ['is of this call and failed as it was created', [failedAtOnce], false],
    ['may be of this call, whose first answer was lost', [lostAnswer, already], false],
  ])('%s', async (_, answers, wasThere) => {
    const loading = loadOnce(bigqueryAnswering(...answers), 'EU', request);
    await expect(loading).rejects.toMatchObject({ code: 'WAREHOUSE_JOB_FAILED', wasThere });
  });
});
