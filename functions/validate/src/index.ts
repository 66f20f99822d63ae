import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createJobs } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import { stageHandler } from '@tributary/platform/stage';
import { validateStage } from './stage.ts';

/** Runs Great Expectations over what was transformed. */
serveEvents('validate', () => {
  const { lake, bus, jobs } = readConfig('lake', 'bus', 'jobs');
  return stageHandler(validateStage, {
    lake: createLake(lake),
    bucket: lake.lakeBucket,
    bus: createBus(bus),
    jobs: createJobs(jobs),
  });
});
