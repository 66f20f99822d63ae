import { setTimeout as delay } from 'node:timers/promises';
import type { BigQuery, Job } from '@google-cloud/bigquery';
import { TransientError, UserError } from '../errors/index.ts';
import { isTransientReason, type JobFault, LoadJobFailedError, LoadRejectedError, retried } from './errors.ts';
import type { LoadOutcome, LoadRequest } from './port.ts';

/** https://cloud.google.com/bigquery/quotas#load_jobs ("Maximum number of source URIs in job configuration") */
export const MAX_URIS_PER_LOAD_JOB = 10_000;

/** 15 TB. https://cloud.google.com/bigquery/quotas#load_jobs ("Maximum size per load job") */
export const MAX_BYTES_PER_LOAD_JOB = 15 * 1024 ** 4;

/** Failed ones count; a partitioned table is the same. https://cloud.google.com/bigquery/quotas#load_jobs ("Load jobs per table per day") */
export const MAX_LOAD_JOBS_PER_TABLE_AND_DAY = 1_500;

/** How long one call waits for a job. The job goes on; a later call with its id waits for it again. */
const WAIT_DEADLINE_MS = 15 * 60_000;

/** Pauses between looks at a job; the last one repeats. Small loads take a tenth of a second on the emulator, a few seconds on BigQuery. */
const LOOK_DELAYS_MS = [50, 50, 100, 100, 200, 300, 500, 1_000, 2_000];

/** What the API tells of a job. https://cloud.google.com/bigquery/docs/reference/rest/v2/Job */
interface JobResource {
  status?: { state?: string; errorResult?: ErrorProto; errors?: ErrorProto[] };
  statistics?: { load?: { outputRows?: string; outputBytes?: string } };
}

interface ErrorProto {
  reason?: string;
  location?: string;
  message?: string;
}

/**
 * Appends objects to a table, once per job id.
 *
 * created, or there already (409) → looked at until it is done → its outcome. Whoever dies on the way is replaced by the next call with the same id, which
 * finds the job there. A job that failed stays failed for ever: LoadJobFailedError or LoadRejectedError, each time it is asked for. LoadJobFailedError says whether this
 * call has begun the job or an earlier one had.
 */
export async function loadOnce(bigquery: BigQuery, location: string, request: LoadRequest): Promise<LoadOutcome> {
  const target = `${request.dataset}.${request.table}`;
  if (request.uris.length === 0 || request.uris.length > MAX_URIS_PER_LOAD_JOB) {
    throw new UserError(
      'WAREHOUSE_INVALID',
      `Load job ${request.jobId} names ${request.uris.length} objects; BigQuery takes 1 to ${MAX_URIS_PER_LOAD_JOB}. Split the manifest.`,
    );
  }
  const wasThere = await retried(`load ${target}`, (attempt) => create(bigquery, location, request, attempt));
  const job = await untilDone(bigquery.job(request.jobId, { location }), target);
  const { errorResult, errors = [] } = job.status ?? {};
  if (errorResult) {
    const faults = [errorResult, ...errors.filter(({ message }) => message !== errorResult.message)].map(asFault);
    if (isTransientReason(faults[0]!.reason)) throw new LoadJobFailedError(request.jobId, faults, { wasThere });
    throw new LoadRejectedError(request.jobId, faults, request.uris);
  }
  const { outputRows = '0', outputBytes = '0' } = job.statistics?.load ?? {};
  return { jobId: request.jobId, rows: Number(outputRows), bytes: Number(outputBytes) };
}

/** Whether an earlier call had created the job. After an attempt that got no answer nobody can tell; then it counts as this call's. */
async function create(bigquery: BigQuery, location: string, request: LoadRequest, attempt: number): Promise<boolean> {
  try {
    await bigquery.createJob({
      jobId: request.jobId,
      location,
      configuration: {
        labels: { ...request.labels },
        load: {
          destinationTable: { projectId: bigquery.projectId, datasetId: request.dataset, tableId: request.table },
          sourceUris: [...request.uris],
          sourceFormat: 'PARQUET',
          writeDisposition: 'WRITE_APPEND',
          // Tables come from the contracts, by migrate(); a load never makes one up.
          createDisposition: 'CREATE_NEVER',
          decimalTargetTypes: ['NUMERIC'],
          parquetOptions: { enableListInference: true },
        },
      },
    });
  } catch (error) {
    // 409: an earlier call created it. A job that failed at once comes as an error without a code, with the job there to be asked.
    const { code, response } = error as { code?: number; response?: { jobReference?: unknown } };
    if (code !== 409 && !response?.jobReference) throw error;
    return code === 409 && attempt === 0;
  }
  return false;
}

async function untilDone(job: Job, target: string): Promise<JobResource> {
  const deadline = Date.now() + WAIT_DEADLINE_MS;
  for (let look = 0; ; look += 1) {
    const resource = await retried(`look at load job ${job.id} of ${target}`, async () => {
      const [metadata] = await job.getMetadata();
      return metadata as JobResource;
    });
    if (resource.status?.state === 'DONE') return resource;
    if (Date.now() > deadline) {
      throw new TransientError(
        'WAREHOUSE_UNAVAILABLE',
        `Load job ${job.id} of ${target} is still ${resource.status?.state} after ${WAIT_DEADLINE_MS / 60_000} min; ask for it again later.`,
      );
    }
    await delay(LOOK_DELAYS_MS[look] ?? LOOK_DELAYS_MS.at(-1)!);
  }
}

function asFault({ reason = 'unknown', location, message = '' }: ErrorProto): JobFault {
  return { reason, location: location || undefined, message };
}
