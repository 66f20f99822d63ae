import { TransientError, UserError } from '@tributary/platform/errors';

/** https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/rest_api/ */
export interface FlinkJob {
  readonly jid: string;
  readonly name: string;
  readonly state: string;
}

const REQUEST_TIMEOUT_MS = 120_000;

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
