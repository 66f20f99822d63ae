import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createCostGuard } from '@tributary/platform/cost';
import { createJobs } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { stageHandler } from '@tributary/platform/stage';
import { createWarehouse } from '@tributary/platform/warehouse';
import { transformStage } from './stage.ts';

/** Runs dbt over what was loaded. */
serveEvents('transform', () => {
  const { lake, bus, jobs, chain, cost, warehouse } = readConfig('lake', 'bus', 'jobs', 'chain', 'cost', 'warehouse');
  const ports = { lake: createLake(lake), bucket: lake.lakeBucket, bus: createBus(bus) };
  const guarded = { ...ports, warehouse: createWarehouse(warehouse), log: createLogger('transform') };
  return stageHandler(transformStage(chain.settleSeconds), {
    ...ports,
    jobs: createJobs(jobs),
    cost: createCostGuard({ ...warehouse, ...cost }, guarded),
  });
});
