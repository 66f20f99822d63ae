import { createHash } from 'node:crypto';
import { jobsError } from './errors.ts';
import type { ExecutionState, PipelineLauncher } from './port.ts';

export interface FlinkSettings {
  readonly restUrl: string;
  readonly jarId: string;
}

/** Building the graph inside the JobManager takes 5 to 18 s when the machine is busy. */
const SUBMIT_TIMEOUT_MS = 180_000;
const ASK_TIMEOUT_MS = 15_000;

/** https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/internals/job_scheduling/#jobmanager-data-structures */
const STATES: Readonly<Record<string, ExecutionState>> = {
  FINISHED: 'succeeded',
  FAILED: 'failed',
  CANCELED: 'failed',
  SUSPENDED: 'failed',
};

/**
 * The pipeline's batch mode on a Flink session cluster, by its REST interface.
 *
 * The Flink job id is a digest of the launch id, and a cluster takes a job id once: whoever launches the same again, after a lost answer or at the same time, gets
 * the job that is there, in whatever state. To repeat a failed one, launch under another id. A cluster that was restarted has forgotten its jobs.
 */
export class FlinkLauncher implements PipelineLauncher {
  readonly #settings: FlinkSettings;
  readonly #arguments: Readonly<Record<string, string>>;

  /** @param baseArguments pipeline options that every launch needs, such as where the lake is; a launch's own win. */
  constructor(settings: FlinkSettings, baseArguments: Readonly<Record<string, string>>) {
    this.#settings = settings;
    this.#arguments = baseArguments;
  }

  async launchBatch(launchId: string, args: Readonly<Record<string, string>>): Promise<string> {
    const jobId = flinkJobId(launchId);
    const action = `launch the pipeline as ${launchId}`;
    if ((await this.state(jobId)) !== 'unknown') return jobId;
    const options = {
      runner: 'FlinkRunner',
      flinkMaster: '[auto]',
      attachedMode: 'false',
      jobName: launchId,
      ...this.#arguments,
      ...args,
    };
    const programArgsList = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const answer = await this.#call(action, 'POST', `/jars/${this.#settings.jarId}/run`, SUBMIT_TIMEOUT_MS, {
      jobId,
      programArgsList,
    });
    if (answer.status < 300) return (answer.body as { jobid: string }).jobid;
    // Another launcher was quicker.
    if ((await this.state(jobId)) !== 'unknown') return jobId;
    throw jobsError(action, answer.status, new Error(causeOf(answer.body)));
  }

  async state(jobId: string): Promise<ExecutionState> {
    const action = `ask Flink for the job ${jobId}`;
    const { status, body } = await this.#call(action, 'GET', `/jobs/${jobId}`, ASK_TIMEOUT_MS);
    if (status === 404) return 'unknown';
    if (status >= 300) throw jobsError(action, status, new Error(causeOf(body)));
    return STATES[(body as { state: string }).state] ?? 'running';
  }

  async #call(
    action: string,
    method: string,
    path: string,
    timeoutMs: number,
    body?: object,
  ): Promise<{ status: number; body: unknown }> {
    try {
      const response = await fetch(this.#settings.restUrl + path, {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
      });
      const text = await response.text();
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
    } catch (error) {
      throw jobsError(action, undefined, error);
    }
  }
}

/** Flink's job ids are 32 hex digits. */
export function flinkJobId(launchId: string): string {
  return createHash('sha256').update(launchId).digest('hex').slice(0, 32);
}

/** The innermost cause of the Java stack that Flink answers with; the stack itself may quote arguments, credentials among them. */
function causeOf(body: unknown): string {
  const { errors = [] } = (typeof body === 'object' && body !== null ? body : {}) as { errors?: string[] };
  const lines = errors.flatMap((error) => error.split('\n'));
  const causes = lines.filter((line) => line.includes('Caused by:'));
  return (causes.at(-1) ?? lines[0] ?? 'Flink gave no reason').trim().slice(0, 500);
}
