/** Cloud Run jobs of the chain, and the pipeline's batch mode. */
export type JobName = 'dbt' | 'great-expectations' | 'feast';

export type ExecutionState = 'running' | 'succeeded' | 'failed' | 'unknown';

export interface Jobs {
  /** Starts a Cloud Run job with arguments appended to its command, and returns the execution's full resource name without waiting for its end. */
  start(job: JobName, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** `unknown` where the service has no such execution (it was lost or is too old). */
  state(execution: string): Promise<ExecutionState>;
}

/** Starts the pipeline in batch over one landing object. */
export interface PipelineLauncher {
  /** Idempotent by `launchId` as far as the service allows; returns the service's job id. */
  launchBatch(launchId: string, args: Readonly<Record<string, string>>): Promise<string>;
  state(jobId: string): Promise<ExecutionState>;
}
