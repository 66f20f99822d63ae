import { TransientError, UserError } from '@tributary/platform/errors';

/** https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/rest_api/ */
export interface FlinkJob {
  readonly jid: string;
  readonly name: string;
  readonly state: string;
}

/** https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/rest_api/#jobs-jobid-checkpoints */
export interface CheckpointStatistics {
  readonly latest_ack_timestamp: number;
  readonly end_to_end_duration: number;
}

/** Metric ids asked for in one request, so that its address stays short. */
const METRICS_PER_REQUEST = 40;

const REQUEST_TIMEOUT_MS = 120_000;
const METRICS_TIMEOUT_MS = 5_000;

/** The few calls of Flink's REST interface that keeping a job needs. */
export class FlinkClient {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async jobs(): Promise<FlinkJob[]> {
    const { jobs } = (await this.#call('GET', '/jobs/overview', 10_000)) as { jobs: FlinkJob[] };
    return jobs;
  }

  /** Submits the jar's main class; its arguments build the graph inside the JobManager. */
  async run(jarId: string, entryClass: string, args: readonly string[], savepointPath?: string): Promise<string> {
    const body = {
      entryClass,
      programArgsList: args,
      ...(savepointPath === undefined ? {} : { savepointPath, allowNonRestoredState: false }),
    };
    const { jobid } = (await this.#call('POST', `/jars/${jarId}/run`, REQUEST_TIMEOUT_MS, body)) as { jobid: string };
    return jobid;
  }

  /** The newest completed checkpoint of a job. */
  async latestCheckpoint(jobId: string): Promise<CheckpointStatistics | null> {
    const { latest } = (await this.#call('GET', `/jobs/${jobId}/checkpoints`, METRICS_TIMEOUT_MS)) as {
      latest: { completed: CheckpointStatistics | null };
    };
    return latest.completed;
  }

  /** Ids of a job's vertices. */
  async vertices(jobId: string): Promise<string[]> {
    const { vertices } = (await this.#call('GET', `/jobs/${jobId}`, METRICS_TIMEOUT_MS)) as {
      vertices: { id: string }[];
    };
    return vertices.map(({ id }) => id);
  }

  /** Metrics of a vertex whose id is wanted, summed over its subtasks. Flink answers with what it last fetched; at first that is nothing. */
  async vertexMetrics(
    jobId: string,
    vertex: string,
    isWanted: (id: string) => boolean,
  ): Promise<{ readonly id: string; readonly sum: number }[]> {
    const path = `/jobs/${jobId}/vertices/${vertex}/subtasks/metrics`;
    const known = (await this.#call('GET', path, METRICS_TIMEOUT_MS)) as { id: string }[];
    const wanted = known.map(({ id }) => id).filter(isWanted);
    const found: { id: string; sum: number }[] = [];
    for (let from = 0; from < wanted.length; from += METRICS_PER_REQUEST) {
      const ids = wanted.slice(from, from + METRICS_PER_REQUEST).map(encodeURIComponent);
      found.push(
        ...((await this.#call('GET', `${path}?agg=sum&get=${ids.join(',')}`, METRICS_TIMEOUT_MS)) as typeof found),
      );
    }
    return found;
  }

  async #call(method: string, path: string, timeoutMs: number, body?: object): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}${path}`, {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
    } catch (error) {
      throw new TransientError(
        'FLINK_UNAVAILABLE',
        `Flink does not answer at ${this.#base}${path}: ${(error as Error).message}`,
        { cause: error },
      );
    }
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    const errors = (JSON.parse(text) as { errors?: string[] }).errors ?? [text];
    throw new UserError(
      'FLINK_REFUSED',
      `Flink refused ${method} ${path} with ${response.status}: ${
        errors
          .at(-1)
          ?.split('\n')
          .filter((line) => line.includes('Caused by'))
          .pop() ?? errors[0]
      }`,
    );
  }
}
