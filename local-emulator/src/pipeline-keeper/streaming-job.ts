import { fileURLToPath } from 'node:url';
import type { BusConfig, LakeConfig } from '@tributary/platform/config';
import { COMPILED_CONTRACTS } from '@tributary/platform/contracts';
import { lakeArguments } from '@tributary/platform/jobs';

export const JOB_NAME = 'tributary-pipeline';

/** One slot a core of the smallest machine this is for. */
const PARALLELISM = 2;

/** Files roll after this long locally; the cloud's default is a minute. */
const FLUSH_SECONDS = 5;

/** The streaming pipeline's arguments for the local adapters; dataflow-flink/README.md explains each. */
export function streamingArguments(
  lake: LakeConfig,
  bus: BusConfig,
  piiKeysFile: string,
  contracts = fileURLToPath(COMPILED_CONTRACTS),
): string[] {
  // Beam's source of Pub/Sub holds the watermark for ever while a subscription is empty, as that of dead letters should be: docs/cloud-locally.md.
  if (bus.adapter !== 'kafka') throw new Error('on Flink the pipeline reads Kafka');
  const options = {
    runner: 'FlinkRunner',
    flinkMaster: '[auto]',
    attachedMode: 'false',
    streaming: 'true',
    // Said here because a job submitted over REST does not take the cluster's default.
    parallelism: String(PARALLELISM),
    jobName: JOB_NAME,
    source: 'kafka',
    bootstrap: bus.brokers.join(','),
    topicPrefix: bus.topicPrefix,
    flushSeconds: String(FLUSH_SECONDS),
    piiKeysFile,
    // Of the checkout, not those of the jar: a changed contract needs no new jar.
    contracts,
    ...lakeArguments(lake),
  };
  return Object.entries(options).map(([name, value]) => `--${name}=${value}`);
}
