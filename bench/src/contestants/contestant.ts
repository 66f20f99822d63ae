import type { FlinkProfile } from '@tributary/local-emulator/components/flink';
import type { Cluster } from '../flink/cluster.ts';
import type { StateBackend } from '../flink/profile.ts';
import type { Backlog, Infrastructure } from '../infrastructure.ts';

/** A job that reads the changes topic and does the pipeline's work. */
export interface Contestant {
  /** `ours` or `sql`, as in the figures' names. */
  readonly name: string;
  profile(state: StateBackend, infrastructure: Infrastructure): Promise<FlinkProfile>;
  /** Makes the job's code known to a cluster, before the clock starts. */
  prepare(cluster: Cluster, infrastructure: Infrastructure): Promise<void>;
  /** Submits it; the clock runs. */
  submit(cluster: Cluster, infrastructure: Infrastructure, backlog: Backlog, bucket: string): Promise<string>;
}
