import type { JobsConfig, LakeConfig, PipelineConfig } from '../config/index.ts';
import { CloudRunJobs } from './cloud-run.ts';
import { DataflowLauncher } from './dataflow.ts';
import { FlinkLauncher } from './flink.ts';
import type { Jobs, PipelineLauncher } from './port.ts';

export type { JobsErrorCode } from './errors.ts';
export type { ExecutionState, JobName, Jobs, PipelineLauncher } from './port.ts';

/** Cloud Run jobs: `createJobs(readConfig('jobs').jobs)`. Errors of every method: {@link JobsErrorCode}. */
export function createJobs(config: JobsConfig): Jobs {
  return new CloudRunJobs(config);
}

/**
 * Where the pipeline runs in batch, as the configuration selects. Every launch is told where the lake is (`lake`, and what MinIO needs beside it); the other
 * arguments come with the launch.
 *
 * @param contracts where the contracts in force lie; those of the jar where left out.
 */
export function createPipelineLauncher(config: PipelineConfig, lake: LakeConfig, contracts?: string): PipelineLauncher {
  const common = { ...lakeArguments(lake), ...(contracts === undefined ? {} : { contracts }) };
  switch (config.launcher) {
    case 'flink':
      return new FlinkLauncher(config, common);
    case 'dataflow':
      return new DataflowLauncher(config, common);
  }
}

/** The pipeline's options for its lake; dataflow-flink reads MinIO as S3, and a stand-in of Cloud Storage asks for no credentials. */
export function lakeArguments(lake: LakeConfig): Record<string, string> {
  switch (lake.adapter) {
    case 'gcs':
      if (lake.endpoint === undefined) return { lake: `gs://${lake.lakeBucket}` };
      return {
        lake: `gs://${lake.lakeBucket}`,
        gcsEndpoint: `${lake.endpoint}/storage/v1/`,
        credentialFactoryClass: 'org.apache.beam.sdk.extensions.gcp.auth.NoopCredentialFactory',
      };
    case 'minio':
      return {
        lake: `s3://${lake.lakeBucket}`,
        awsRegion: 'us-east-1',
        endpoint: lake.endpoint,
        awsCredentialsProvider: JSON.stringify({
          '@type': 'StaticCredentialsProvider',
          accessKeyId: lake.accessKey,
          secretAccessKey: lake.secretKey,
        }),
      };
  }
}
