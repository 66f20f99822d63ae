import { join } from 'node:path';
import { minioClient } from '@tributary/local-emulator/components/minio';
import { FlinkClient } from '@tributary/local-emulator/pipeline-keeper/flink-client';
import { streamingArguments } from '@tributary/local-emulator/pipeline-keeper/streaming-job';
import type { TestStack } from '@tributary/local-emulator/testing';
import { createBus, type ManagedBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { createLake } from '@tributary/platform/lake';
import { LakeRows } from './lake-rows.ts';
import { until } from './until.ts';

const ENTRY_CLASS = 'dev.tributary.pipeline.Main';

/** A job of the pipeline with topics and a bucket of its own, on a cluster that others use too. */
export class RunningJob {
  readonly bus: ManagedBus;
  readonly lake: LakeRows;
  readonly #flink: FlinkClient;
  readonly #rest: string;
  readonly #arguments: string[];
  #id = '';

  /**
   * @param name of topics and bucket
   * @param contracts a file that the job follows; the checkout's where left out
   */
  static async of(stack: TestStack, name: string, contracts?: string): Promise<RunningJob> {
    const job = new RunningJob(stack, name, contracts);
    await minioClient(stack.machine).makeBucket(`lake-${name}`);
    await job.bus.ensureTopics();
    return job;
  }

  private constructor(stack: TestStack, name: string, contracts?: string) {
    const config = readConfigFrom(stack.env, 'bus', 'lake', 'pii');
    const lake = { ...config.lake, lakeBucket: `lake-${name}` };
    const bus = { ...config.bus, topicPrefix: `${name}.` };
    this.bus = createBus(bus);
    this.lake = new LakeRows(createLake(lake), lake.lakeBucket);
    this.#rest = stack.env.FLINK_REST_URL!;
    this.#flink = new FlinkClient(this.#rest);
    this.#arguments = streamingArguments(lake, bus, config.pii.keysFile, contracts);
  }

  /** Resolves when all its tasks run. */
  async start(jarId: string, savepoint?: string): Promise<void> {
    this.#id = await this.#flink.run(jarId, ENTRY_CLASS, this.#arguments, savepoint);
    await until('all tasks of the job to run', 120, async () => {
      const { state, vertices } = (await this.#call('GET', '')) as { state: string; vertices: { status: string }[] };
      if (state === 'FAILED')
        throw new Error(`the job failed: ${JSON.stringify(await this.#call('GET', '/exceptions'))}`);
      return (
        vertices.every(({ status }) => status === 'RUNNING') || `${state}, ${vertices.map(({ status }) => status)}`
      );
    });
  }

  /** Stops the job as an upgrade does. @returns the savepoint to start its successor from */
  async stopWithSavepoint(folder: string): Promise<string> {
    const body = { targetDirectory: `file://${join(folder, 'savepoints')}`, drain: false };
    const { 'request-id': request } = (await this.#call('POST', '/stop', body)) as { 'request-id': string };
    let location: string | undefined;
    await until('the savepoint', 120, async () => {
      const { operation } = (await this.#call('GET', `/savepoints/${request}`)) as {
        operation?: { location?: string; 'failure-cause'?: unknown };
      };
      if (operation?.['failure-cause']) throw new Error(JSON.stringify(operation['failure-cause']));
      location = operation?.location;
      return location !== undefined;
    });
    return location!;
  }

  /** Ends the job, where there is one, and lets go of the bus. */
  async end(): Promise<void> {
    if (this.#id !== '') await fetch(`${this.#rest}/jobs/${this.#id}?mode=cancel`, { method: 'PATCH' });
    await this.bus.close();
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#rest}/jobs/${this.#id}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok) throw new Error(`Flink refused ${method} ${path}: ${await response.text()}`);
    return await response.json();
  }
}
