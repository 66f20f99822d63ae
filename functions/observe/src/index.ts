import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createCostGuard } from '@tributary/platform/cost';
import { createLake } from '@tributary/platform/lake';
import { openContracts } from '@tributary/platform/live-contracts';
import { createLogger } from '@tributary/platform/log';
import { createWarehouse } from '@tributary/platform/warehouse';
import { observeHandler } from './observe.ts';

/** Measures what no event tells. */
serveEvents('observe', async () => {
  const config = readConfig('lake', 'bus', 'warehouse', 'cost');
  const log = createLogger('observe');
  const contracts = await openContracts(log);
  const ports = {
    lake: createLake(config.lake),
    bucket: config.lake.lakeBucket,
    warehouse: createWarehouse(config.warehouse),
  };
  return observeHandler({
    ...ports,
    contracts: () => contracts.fresh(),
    cost: createCostGuard({ ...config.warehouse, ...config.cost }, { ...ports, bus: createBus(config.bus), log }),
    dailyBytes: config.cost.dailyBytes,
  });
});
