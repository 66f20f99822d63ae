import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createJobs } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import { stageHandler } from '@tributary/platform/stage';
import { materializeStage } from './stage.ts';

/** Puts features that passed their gate online. */
serveEvents('materialize', () => {
  const { lake, bus, jobs } = readConfig('lake', 'bus', 'jobs');
  return stageHandler(materializeStage, {
    lake: createLake(lake),
    bucket: lake.lakeBucket,
    bus: createBus(bus),
    jobs: createJobs(jobs),
  });
});
