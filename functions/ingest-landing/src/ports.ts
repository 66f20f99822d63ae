import type { Bus } from '@tributary/platform/bus';
import type { Clock } from '@tributary/platform/group-commit';
import type { Jobs, PipelineLauncher } from '@tributary/platform/jobs';
import type { Lake } from '@tributary/platform/lake';
import type { PiiKeys } from '@tributary/platform/pii';
import type { Datasets } from './datasets.ts';

export interface LandingPorts {
  readonly lake: Lake;
  readonly lakeBucket: string;
  readonly landingBucket: string;
  readonly bus: Bus;
  readonly jobs: Jobs;
  readonly launcher: PipelineLauncher;
  readonly piiKeys: PiiKeys;
  /** The key file's path where the pipeline runs. */
  readonly piiKeysFile: string;
  /** What may be dropped. */
  readonly datasets: Datasets;
  /** The URI under which the pipeline reads an object of the landing bucket. */
  readonly inputUri: (bucket: string, name: string) => string;
  readonly clock?: Clock;
}
