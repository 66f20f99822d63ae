import type { ProcessIdentity } from '../supervisor/identity.ts';

export type ExecutionEnd = 'succeeded' | 'failed' | 'cancelled';

/** What is kept of one run of a job, from before its process starts. */
export interface ExecutionRecord {
  /** `<job>-<suffix>`, unique for ever. */
  readonly id: string;
  /** Full name of the job: `projects/…/locations/…/jobs/<job>`. */
  readonly job: string;
  readonly args: readonly string[];
  readonly timeoutSeconds: number;
  readonly createdAt: string;
  /** The child, once it was started. */
  readonly process?: ProcessIdentity;
  readonly completedAt?: string;
  readonly end?: ExecutionEnd;
  /** How it ended, for people. */
  readonly message?: string;
}

/** Full name of an execution, as the client gets it from `run`. */
export function executionName(record: ExecutionRecord): string {
  return `${record.job}/executions/${record.id}`;
}

/** https://cloud.google.com/run/docs/reference/rest/v2/Condition#State */
const CONDITION: Readonly<Record<ExecutionEnd, string>> = {
  succeeded: 'CONDITION_SUCCEEDED',
  failed: 'CONDITION_FAILED',
  cancelled: 'CONDITION_FAILED',
};

/** The record as the Admin API tells it. https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs.executions#resource:-execution */
export function executionResource(record: ExecutionRecord, logFile: string): object {
  const { end } = record;
  const updateTime = record.completedAt ?? record.createdAt;
  return {
    name: executionName(record),
    uid: record.id,
    generation: '1',
    observedGeneration: '1',
    job: record.job,
    createTime: record.createdAt,
    startTime: record.createdAt,
    updateTime,
    ...(record.completedAt ? { completionTime: record.completedAt } : {}),
    parallelism: 1,
    taskCount: 1,
    template: {
      containers: [{ args: record.args }],
      maxRetries: 0,
      timeout: `${record.timeoutSeconds}s`,
    },
    reconciling: end === undefined,
    conditions: [
      {
        type: 'Completed',
        state: end === undefined ? 'CONDITION_RECONCILING' : CONDITION[end],
        lastTransitionTime: updateTime,
        ...(record.message ? { message: record.message } : {}),
      },
    ],
    runningCount: end === undefined ? 1 : 0,
    succeededCount: end === 'succeeded' ? 1 : 0,
    failedCount: end === 'failed' ? 1 : 0,
    cancelledCount: end === 'cancelled' ? 1 : 0,
    logUri: `file://${logFile}`,
  };
}

/** The long-running operation that `run` answers with: it ends when the execution does, and its metadata is the execution. */
export function operationResource(record: ExecutionRecord, logFile: string): object {
  const location = record.job.slice(0, record.job.lastIndexOf('/jobs/'));
  const execution = {
    '@type': 'type.googleapis.com/google.cloud.run.v2.Execution',
    ...executionResource(record, logFile),
  };
  const operation = { name: `${location}/operations/${record.id}`, metadata: execution };
  if (record.end === undefined) return { ...operation, done: false };
  if (record.end === 'succeeded') return { ...operation, done: true, response: execution };
  return { ...operation, done: true, error: { code: 2, message: record.message ?? record.end } };
}
