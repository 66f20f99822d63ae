import { createHash } from 'node:crypto';
import type { AuthClient } from 'google-auth-library';
import { jobsError } from './errors.ts';
import type { ExecutionState, PipelineLauncher } from './port.ts';

export interface DataflowSettings {
  readonly projectId: string;
  readonly location: string;
  /** `gs://` URI of the Flex Template. */
  readonly template: string;
  /** Where and as whom the workers run; the project's defaults where left out. */
  readonly serviceAccount?: string | undefined;
  readonly subnetwork?: string | undefined;
  readonly tempLocation?: string | undefined;
}

/** What sends a request with the process's own identity. */
type Requester = Pick<AuthClient, 'request'>;

const API = 'https://dataflow.googleapis.com/v1b3';
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];
const REQUEST_TIMEOUT_MS = 60_000;

/** https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs#jobstate */
const STATES: Readonly<Record<string, ExecutionState>> = {
  JOB_STATE_DONE: 'succeeded',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_CANCELLED: 'failed',
  JOB_STATE_DRAINED: 'failed',
  JOB_STATE_UPDATED: 'failed',
};

interface DataflowJob {
  readonly id: string;
  readonly name?: string;
  readonly currentState?: string;
}

/**
 * The pipeline's batch mode on Dataflow, from its Flex Template.
 *
 * The job's name comes from the launch id, and Dataflow runs one job of a name at a time; jobs of that name that ended are looked up before. So the same
 * launch, repeated, gets the job that is there. (Two launchers at the very moment a third one's job ends could both start; what the pipeline writes is
 * idempotent.)
 */
export class DataflowLauncher implements PipelineLauncher {
  readonly #settings: DataflowSettings;
  readonly #arguments: Readonly<Record<string, string>>;
  #auth: Promise<Requester> | undefined;

  /**
   * @param baseArguments template parameters that every launch needs; a launch's own win.
   * @param auth for tests; defaults to the process's Google identity.
   */
  constructor(settings: DataflowSettings, baseArguments: Readonly<Record<string, string>>, auth?: Requester) {
    this.#settings = settings;
    this.#arguments = baseArguments;
    if (auth) this.#auth = Promise.resolve(auth);
  }

  async launchBatch(launchId: string, args: Readonly<Record<string, string>>): Promise<string> {
    const jobName = dataflowJobName(launchId);
    const action = `launch the pipeline as ${jobName}`;
    const existing = await this.#find(jobName);
    if (existing) return existing.id;
    const launchParameter = {
      jobName,
      containerSpecGcsPath: this.#settings.template,
      parameters: { ...this.#arguments, ...args },
      environment: environmentOf(this.#settings),
    };
    const { status, data } = await this.#call<{ job: DataflowJob; error?: unknown }>(
      action,
      'POST',
      `${this.#parent()}/flexTemplates:launch`,
      { launchParameter },
    );
    if (status < 300) return data.job.id;
    // 409: another launcher was quicker.
    const winner = status === 409 ? await this.#find(jobName) : undefined;
    if (winner) return winner.id;
    throw jobsError(action, status, new Error(messageOf(data)));
  }

  async state(jobId: string): Promise<ExecutionState> {
    const action = `ask Dataflow for the job ${jobId}`;
    const { status, data } = await this.#call<DataflowJob>(action, 'GET', `${this.#parent()}/jobs/${jobId}`);
    if (status === 404) return 'unknown';
    if (status >= 300) throw jobsError(action, status, new Error(messageOf(data)));
    return STATES[data.currentState ?? ''] ?? 'running';
  }

  async #find(jobName: string): Promise<DataflowJob | undefined> {
    const action = `look for the Dataflow job ${jobName}`;
    const path = `${this.#parent()}/jobs?name=${encodeURIComponent(jobName)}`;
    const { status, data } = await this.#call<{ jobs?: DataflowJob[] }>(action, 'GET', path);
    if (status >= 300) throw jobsError(action, status, new Error(messageOf(data)));
    // The newest comes first; the filter is by exact name, yet an answer is not trusted to keep to it.
    return data.jobs?.find((job) => job.name === jobName);
  }

  #parent(): string {
    return `/projects/${this.#settings.projectId}/locations/${this.#settings.location}`;
  }

  async #call<T>(action: string, method: 'GET' | 'POST', path: string, data?: object) {
    try {
      const auth = await this.#authenticate();
      return await auth.request<T>({
        url: API + path,
        method,
        timeout: REQUEST_TIMEOUT_MS,
        validateStatus: () => true,
        ...(data ? { data } : {}),
      });
    } catch (error) {
      throw jobsError(action, undefined, error);
    }
  }

  #authenticate(): Promise<Requester> {
    this.#auth ??= import('google-auth-library').then(({ GoogleAuth }) => new GoogleAuth({ scopes: SCOPES }));
    return this.#auth;
  }
}

/** Dataflow's names are lower-case letters, digits and dashes, beginning with a letter: a readable part, and a digest that keeps launches apart. */
export function dataflowJobName(launchId: string): string {
  const readable = launchId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 30)
    .replaceAll(/^-+|-+$/g, '');
  return `tributary-${readable}-${createHash('sha256').update(launchId).digest('hex').slice(0, 12)}`.replace('--', '-');
}

/**
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.flexTemplates/launch#FlexTemplateRuntimeEnvironment
 *
 * What a project has by default may reach the internet and do almost anything in it, so what is given here is asked for in each launch.
 */
function environmentOf({ serviceAccount, subnetwork, tempLocation }: DataflowSettings): Record<string, string> {
  return {
    ...(serviceAccount === undefined ? {} : { serviceAccountEmail: serviceAccount }),
    ...(subnetwork === undefined ? {} : { subnetwork, ipConfiguration: 'WORKER_IP_PRIVATE' }),
    ...(tempLocation === undefined
      ? {}
      : { tempLocation, stagingLocation: `${tempLocation.replace(/\/+$/, '')}/staging` }),
  };
}

function messageOf(data: unknown): string {
  return (data as { error?: { message?: string } } | undefined)?.error?.message ?? 'Dataflow gave no reason';
}
