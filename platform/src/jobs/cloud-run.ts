import type { ExecutionsClient, JobsClient } from '@google-cloud/run';
import { jobsError } from './errors.ts';
import type { ExecutionState, JobName, Jobs } from './port.ts';

export interface CloudRunSettings {
  readonly projectId: string;
  readonly location: string;
  /** `host:port` of a stand-in that speaks plain HTTP; absent in the cloud. */
  readonly endpoint: string | undefined;
}

interface Clients {
  readonly jobs: JobsClient;
  readonly executions: ExecutionsClient;
}

/** gRPC codes, which the client gives over HTTP too, as the statuses they stand for. https://cloud.google.com/apis/design/errors#handling_errors */
const HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [3, 400],
  [5, 404],
  [6, 409],
  [7, 403],
  [8, 429],
  [9, 400],
  [16, 401],
]);

const NOT_FOUND = 5;

/** How long one request may take; a started execution takes as long as it takes. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Cloud Run jobs, over the HTTP form of the Admin API, which a stand-in can speak as well. */
export class CloudRunJobs implements Jobs {
  readonly #settings: CloudRunSettings;
  #clients: Promise<Clients> | undefined;

  constructor(settings: CloudRunSettings) {
    this.#settings = settings;
  }

  /**
   * Cloud Run has no request ids, so a start whose answer is lost is not repeated here: the caller decides, knowing that an execution may run (JOBS_UNAVAILABLE).
   */
  async start(job: JobName, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { projectId, location } = this.#settings;
    const name = `projects/${projectId}/locations/${location}/jobs/${job}`;
    const action = `start the job ${job}`;
    const { jobs } = await this.#connect();
    const request = {
      name,
      overrides: {
        containerOverrides: [
          { args: [...args], env: Object.entries(env).map(([key, value]) => ({ name: key, value })) },
        ],
      },
    };
    try {
      // The operation ends with the execution; its metadata is the execution from the start.
      const [operation] = await jobs.runJob(request, { timeout: REQUEST_TIMEOUT_MS });
      const execution = (operation.metadata as { name?: string } | null)?.name;
      if (!execution) throw new Error('the answer names no execution');
      return execution;
    } catch (error) {
      throw jobsError(action, statusOf(error), error);
    }
  }

  async state(execution: string): Promise<ExecutionState> {
    const { executions } = await this.#connect();
    try {
      const [found] = await executions.getExecution({ name: execution }, { timeout: REQUEST_TIMEOUT_MS });
      if (!found.completionTime) return 'running';
      const { succeededCount, taskCount } = found;
      return (succeededCount ?? 0) >= Math.max(1, taskCount ?? 1) ? 'succeeded' : 'failed';
    } catch (error) {
      if ((error as { code?: number }).code === NOT_FOUND) return 'unknown';
      throw jobsError(`ask for ${execution}`, statusOf(error), error);
    }
  }

  /** Loaded on first use: the client costs a fifth of a second, which a warm function pays once and an idle one never. */
  #connect(): Promise<Clients> {
    this.#clients ??= this.#load();
    return this.#clients;
  }

  async #load(): Promise<Clients> {
    const { ExecutionsClient, JobsClient } = await import('@google-cloud/run');
    const { endpoint } = this.#settings;
    if (!endpoint) {
      const options = { fallback: true };
      return { jobs: new JobsClient(options), executions: new ExecutionsClient(options) };
    }
    const { PassThroughClient } = await import('google-auth-library');
    const [apiEndpoint, port] = splitAddress(endpoint);
    const options = { fallback: true, protocol: 'http', apiEndpoint, port, authClient: new PassThroughClient() };
    return { jobs: new JobsClient(options), executions: new ExecutionsClient(options) };
  }
}

function splitAddress(address: string): [host: string, port: number] {
  const { hostname, port } = new URL(`http://${address}`);
  return [hostname, Number(port || 80)];
}

function statusOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? (HTTP_STATUS.get(code) ?? (code >= 400 ? code : undefined)) : undefined;
}
