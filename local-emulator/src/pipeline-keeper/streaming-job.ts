import { fileURLToPath } from 'node:url';
import type { BusConfig, LakeConfig } from '@tributary/platform/config';
import { COMPILED_CONTRACTS } from '@tributary/platform/contracts';

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
  if (lake.adapter !== 'minio' || bus.adapter !== 'kafka')
    throw new Error('on a laptop the pipeline reads Kafka and writes MinIO');
  return [
    '--runner=FlinkRunner',
    '--flinkMaster=[auto]',
    '--attachedMode=false',
    '--streaming=true',
    // Said here because a job submitted over REST does not take the cluster's default.
    `--parallelism=${PARALLELISM}`,
    `--jobName=${JOB_NAME}`,
    '--source=kafka',
    `--bootstrap=${bus.brokers.join(',')}`,
    `--topicPrefix=${bus.topicPrefix}`,
    `--lake=s3://${lake.lakeBucket}`,
    `--flushSeconds=${FLUSH_SECONDS}`,
    `--piiKeysFile=${piiKeysFile}`,
    // Of the checkout, not those of the jar: a changed contract needs no new jar.
    `--contracts=${contracts}`,
    '--awsRegion=us-east-1',
    `--endpoint=${lake.endpoint}`,
    `--awsCredentialsProvider=${JSON.stringify({ '@type': 'StaticCredentialsProvider', accessKeyId: lake.accessKey, secretAccessKey: lake.secretKey })}`,
  ];
}
