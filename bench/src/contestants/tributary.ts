import { PIPELINE_JAR_ID } from '@tributary/local-emulator/components/flink';
import { streamingArguments } from '@tributary/local-emulator/pipeline-keeper/streaming-job';
import { benchProfile } from '../flink/profile.ts';
import type { Contestant } from './contestant.ts';

/** The pipeline's main class. */
export const ENTRY_CLASS = 'dev.tributary.pipeline.Main';

/** Elements are passed on as they are, and Beam's own counters are left out: what a production job sets as well. */
const TUNING = ['--objectReuse=true', '--fasterCopy=true', '--disableMetrics=true'];

/**
 * The pipeline of dataflow-flink with the arguments that the local emulator gives it.
 *
 * @param extra arguments that win over those, `name=value`
 * @param recording path of a flight recording of the TaskManager
 */
export function tributary(extra: readonly string[], recording?: string): Contestant {
  return {
    name: 'ours',
    profile: async (state) => benchProfile(state, { recording }),
    // The cluster has the jar from its start, as the emulator's has.
    prepare: async () => {},
    async submit(cluster, infrastructure, backlog, bucket) {
      const { endpoint, accessKey, secretKey } = infrastructure.s3;
      return await cluster.run(
        PIPELINE_JAR_ID,
        ENTRY_CLASS,
        pipelineArguments(
          { endpoint, accessKey, secretKey, lakeBucket: bucket },
          infrastructure.brokers,
          backlog.topicPrefix,
          cluster.piiKeysFile,
          extra,
        ),
      );
    },
  };
}

/** The emulator's arguments, tuned; later ones of a name win. */
export function pipelineArguments(
  lake: { endpoint: string; accessKey: string; secretKey: string; lakeBucket: string },
  brokers: string,
  topicPrefix: string,
  piiKeysFile: string,
  extra: readonly string[],
): string[] {
  const all = [
    ...streamingArguments(
      { adapter: 'minio', ...lake, landingBucket: lake.lakeBucket },
      { adapter: 'kafka', brokers: brokers.split(','), topicPrefix },
      piiKeysFile,
    ),
    ...TUNING,
    ...extra.map((pair) => `--${pair}`),
  ];
  const byName = new Map(all.map((argument) => [argument.split('=')[0], argument]));
  return [...byName.values()];
}
