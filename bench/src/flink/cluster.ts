import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type FlinkProfile, flinkCluster, flinkRest } from '@tributary/local-emulator/components/flink';
import { FlinkClient } from '@tributary/local-emulator/pipeline-keeper/flink-client';
import { readStatus } from '@tributary/local-emulator/supervisor/status-file';
import type { TestStack } from '@tributary/local-emulator/testing';
import { TributaryError } from '@tributary/platform/errors';
import { startStack } from '../stack.ts';
import { cpuSeconds } from './cpu-time.ts';
import { type GcSummary, summarizeGc } from './gc-log.ts';
import { peakMemoryMb } from './peak-memory.ts';
import { GC_LOG } from './profile.ts';

const REQUEST_TIMEOUT_MS = 30_000;
const UPLOAD_TIMEOUT_MS = 120_000;
const ENDED = new Set(['FAILED', 'CANCELED', 'FINISHED']);

/** Checkpoints of a job so far. */
export interface Checkpoints {
  readonly completed: number;
  readonly failed: number;
  readonly medianMs: number;
  readonly maxMs: number;
  /** Of the newest complete one. */
  readonly stateBytes: number;
  /** Of the newest complete one, by the vertex's name. */
  readonly stateBytesByVertex: ReadonlyMap<string, number>;
}

interface Vertex {
  readonly id: string;
  readonly name: string;
}

interface CheckpointStatistics {
  readonly id: number;
  readonly status: string;
  readonly end_to_end_duration: number;
  readonly state_size: number;
  readonly latest_ack_timestamp: number;
  readonly tasks?: Readonly<Record<string, { readonly state_size: number }>>;
}

/** A Flink session cluster of its own for one run: none finds the classes, compiled code or memory of another. */
export class Cluster {
  readonly #stack: TestStack;
  readonly #rest: string;
  #source: { vertex: string; metric: string } | undefined;

  /** @param stack whose Flink it is; the cluster's `stop` stops all of it */
  constructor(stack: TestStack) {
    this.#stack = stack;
    this.#rest = flinkRest(stack.machine);
  }

  /** A cluster and nothing else. */
  static async start(profile: FlinkProfile): Promise<Cluster> {
    return new Cluster(await startStack(['flink-taskmanager'], flinkCluster(profile)));
  }

  /** Where the instance keeps what a job must be able to read, such as the PII keys. */
  get piiKeysFile(): string {
    return this.#stack.machine.secrets.piiKeysFile;
  }

  /** @returns the id that `run` takes */
  async upload(jar: string): Promise<string> {
    const form = new FormData();
    form.set('jarfile', new Blob([readFileSync(jar)], { type: 'application/java-archive' }), basename(jar));
    const response = await fetch(`${this.#rest}/jars/upload`, {
      method: 'POST',
      body: form,
      signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
    });
    const { filename } = (await response.json()) as { filename: string };
    return basename(filename);
  }

  /** Submits a job; resolves with its id once Flink has taken it. */
  async run(jarId: string, entryClass: string, args: readonly string[]): Promise<string> {
    return await new FlinkClient(this.#rest).run(jarId, entryClass, args);
  }

  /**
   * Records that the job's source has handed on.
   *
   * @throws {TributaryError} BENCH_JOB_FAILED with the cause where the job failed or was restarted
   */
  async sourceRecords(job: string): Promise<number> {
    const { state, vertices } = await this.#get<{ state: string; vertices: Vertex[] }>(`/jobs/${job}`);
    if (ENDED.has(state)) throw await this.#failure(job, state);
    this.#source ??= await this.#findSource(job, vertices);
    if (this.#source === undefined) return 0;
    const values = await this.#get<{ sum: number }[]>(
      `/jobs/${job}/vertices/${this.#source.vertex}/subtasks/metrics?get=${encodeURIComponent(this.#source.metric)}`,
    );
    return Number(values[0]?.sum ?? 0);
  }

  /** @throws {TributaryError} BENCH_JOB_FAILED where the job was ever restarted: what it then did twice would be measured */
  async refuseRestarts(job: string): Promise<void> {
    const { exceptionHistory } = await this.#get<{ exceptionHistory?: { entries: unknown[] } }>(
      `/jobs/${job}/exceptions`,
    );
    if ((exceptionHistory?.entries.length ?? 0) > 0) throw await this.#failure(job, 'RESTARTED');
  }

  async checkpoints(job: string): Promise<Checkpoints> {
    const { counts, history } = await this.#get<{
      counts: { completed: number; failed: number };
      history: CheckpointStatistics[];
    }>(`/jobs/${job}/checkpoints`);
    const complete = history.filter(({ status }) => status === 'COMPLETED');
    const durations = complete.map((checkpoint) => checkpoint.end_to_end_duration).sort((a, b) => a - b);
    const newest = complete.reduce<CheckpointStatistics | undefined>(
      (last, checkpoint) => (last === undefined || checkpoint.id > last.id ? checkpoint : last),
      undefined,
    );
    const byVertex = new Map<string, number>();
    if (newest !== undefined) {
      const details = await this.#get<CheckpointStatistics>(`/jobs/${job}/checkpoints/details/${newest.id}`);
      const { vertices } = await this.#get<{ vertices: Vertex[] }>(`/jobs/${job}`);
      for (const { id, name } of vertices) byVertex.set(name, details.tasks?.[id]?.state_size ?? 0);
    }
    return {
      completed: counts.completed,
      failed: counts.failed,
      medianMs: durations[Math.floor(durations.length / 2)] ?? 0,
      maxMs: durations.at(-1) ?? 0,
      stateBytes: newest?.state_size ?? 0,
      stateBytesByVertex: byVertex,
    };
  }

  /** The most memory the TaskManager's process has had, in MiB. */
  peakMemoryMb(): number {
    return peakMemoryMb(this.#taskManager());
  }

  /** Processor time of the TaskManager since its start. */
  cpuSeconds(): number {
    return cpuSeconds(this.#taskManager());
  }

  /** What the TaskManager's collector wrote. */
  garbage(): GcSummary {
    return summarizeGc(readFileSync(join(this.#stack.machine.state, 'flink', GC_LOG), 'utf8'));
  }

  async stop(): Promise<void> {
    await this.#stack.stop();
  }

  #taskManager(): number {
    const status = readStatus(this.#stack.machine.state);
    const taskManager = status?.components.find(({ name }) => name === 'flink-taskmanager')?.process;
    if (taskManager === undefined) throw new Error('the TaskManager does not run');
    return taskManager.pid;
  }

  async #findSource(job: string, vertices: readonly Vertex[]): Promise<{ vertex: string; metric: string } | undefined> {
    for (const { id, name } of vertices) {
      if (!name.startsWith('Source: ')) continue;
      const metrics = await this.#get<{ id: string }[]>(`/jobs/${job}/vertices/${id}/subtasks/metrics`);
      // The source's own counter is the shortest name; operators chained to it have theirs behind their names.
      const counters = metrics
        .map((metric) => metric.id)
        .filter((metric) => /^Source.*\.numRecordsOut$/.test(metric))
        .sort((a, b) => a.length - b.length);
      if (counters[0] !== undefined) return { vertex: id, metric: counters[0] };
    }
    return undefined;
  }

  async #failure(job: string, state: string): Promise<TributaryError> {
    const { exceptionHistory } = await this.#get<{ exceptionHistory?: { entries: { stacktrace?: string }[] } }>(
      `/jobs/${job}/exceptions`,
    );
    const trace = exceptionHistory?.entries[0]?.stacktrace ?? '';
    const causes = trace.split('\n').filter((line, index) => index === 0 || line.startsWith('Caused by'));
    return new TributaryError(
      'BENCH_JOB_FAILED',
      'bug',
      `The job is ${state}: ${causes.join(' | ') || 'Flink says no more'}. A job that restarts or ends is not measured.`,
    );
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#rest}${path}`, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`Flink answers ${path} with ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
