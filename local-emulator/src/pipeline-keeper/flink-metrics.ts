import { count, set } from '@tributary/platform/metrics';
import type { FlinkClient } from './flink-client.ts';

/** Namespace and name of a counter of the pipeline, as Flink has them: after the operator's name, and with `_` for the dot between them. */
const COUNTER = /\.(?<namespace>parse|lookup|dedupe|features|lake|control)_(?<name>[A-Za-z]\w*)$/;

/**
 * Says what Dataflow would say of a job by itself: its counters and its checkpoints.
 *
 * Flink's counters begin at zero with each restart of a task; what is counted here are their steps upwards.
 */
export class FlinkMetrics {
  readonly #flink: Pick<FlinkClient, 'latestCheckpoint' | 'vertices' | 'vertexMetrics'>;
  readonly #last = new Map<string, number>();

  constructor(flink: Pick<FlinkClient, 'latestCheckpoint' | 'vertices' | 'vertexMetrics'>) {
    this.#flink = flink;
  }

  async report(jobId: string): Promise<void> {
    const completed = await this.#flink.latestCheckpoint(jobId);
    if (completed) {
      set('tributary.pipeline.newest_checkpoint', completed.latest_ack_timestamp / 1_000, {});
      set('tributary.pipeline.checkpoint_duration', completed.end_to_end_duration / 1_000, {});
    }
    for (const vertex of await this.#flink.vertices(jobId)) {
      for (const { id, sum } of await this.#flink.vertexMetrics(jobId, vertex, (name) => COUNTER.test(name))) {
        const { namespace, name } = COUNTER.exec(id)!.groups!;
        this.#step(`${jobId}/${vertex}/${id}`, `${namespace}.${name}`, sum);
      }
    }
  }

  #step(key: string, counter: string, value: number): void {
    const last = this.#last.get(key) ?? 0;
    this.#last.set(key, value);
    count('tributary.pipeline.events', value >= last ? value - last : value, { counter });
  }
}
