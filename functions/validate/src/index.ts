import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createCostGuard } from '@tributary/platform/cost';
import { createJobs } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { stageHandler } from '@tributary/platform/stage';
import { createWarehouse } from '@tributary/platform/warehouse';
import { validateStage } from './stage.ts';

/** Runs Great Expectations over what was transformed. */
serveEvents('validate', () => {
  const { lake, bus, jobs, cost, warehouse } = readConfig('lake', 'bus', 'jobs', 'cost', 'warehouse');
  const ports = { lake: createLake(lake), bucket: lake.lakeBucket, bus: createBus(bus) };
  const guarded = { ...ports, warehouse: createWarehouse(warehouse), log: createLogger('validate') };
  return stageHandler(validateStage, {
    ...ports,
    jobs: createJobs(jobs),
    cost: createCostGuard({ ...warehouse, ...cost }, guarded),
  });
});
