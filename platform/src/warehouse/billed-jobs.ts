import type { BigQuery } from '@google-cloud/bigquery';
import type { BilledJob, BilledJobs } from '../cost/billed-jobs.ts';
import { type BigQuerySettings, bigQueryClient } from './client.ts';
import { retried } from './errors.ts';
import { APP_LABEL } from './job-labels.ts';

/** The most a page holds. https://cloud.google.com/bigquery/quotas#api_request_quotas */
const JOBS_PER_PAGE = 1_000;

/** What the API lists of a job. https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list */
interface ListedJob {
  readonly jobReference?: { readonly jobId?: string };
  readonly configuration?: { readonly jobType?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly statistics?: {
    readonly creationTime?: string;
    readonly endTime?: string;
    readonly query?: { readonly totalBytesBilled?: string };
  };
}

/** The list of jobs that BigQuery keeps for six months. It costs nothing to read; others' jobs are in it with permission bigquery.jobs.listAll. */
export class BigQueryBilledJobs implements BilledJobs {
  readonly #bigquery: BigQuery;

  constructor(settings: Pick<BigQuerySettings, 'projectId' | 'location' | 'endpoint'>) {
    this.#bigquery = bigQueryClient(settings);
  }

  async since(instant: number): Promise<BilledJob[]> {
    const listed = await retried('list BigQuery jobs', async () => {
      const [jobs] = await this.#bigquery.getJobs({
        allUsers: true,
        projection: 'full',
        minCreationTime: String(instant),
        maxResults: JOBS_PER_PAGE,
      });
      return jobs.map(({ metadata }) => metadata as ListedJob);
    });
    return listed.flatMap(billed);
  }
}

function billed({ jobReference, configuration, statistics }: ListedJob): BilledJob[] {
  const labels = configuration?.labels ?? {};
  if (labels.app !== APP_LABEL.app || !jobReference?.jobId) return [];
  return [
    {
      id: jobReference.jobId,
      kind: configuration?.jobType ?? 'UNKNOWN',
      createdAt: Number(statistics?.creationTime ?? 0),
      endedAt: statistics?.endTime ? Number(statistics.endTime) : undefined,
      bytesBilled: Number(statistics?.query?.totalBytesBilled ?? 0),
      labels,
    },
  ];
}
