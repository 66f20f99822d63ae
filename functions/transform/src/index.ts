import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createJobs } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import { stageHandler } from '@tributary/platform/stage';
import { transformStage } from './stage.ts';

/** Runs dbt over what was loaded. */
serveEvents('transform', () => {
  const { lake, bus, jobs, chain } = readConfig('lake', 'bus', 'jobs', 'chain');
  return stageHandler(transformStage(chain.settleSeconds), {
    lake: createLake(lake),
    bucket: lake.lakeBucket,
    bus: createBus(bus),
    jobs: createJobs(jobs),
  });
});
