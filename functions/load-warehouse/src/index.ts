import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig, readVariables } from '@tributary/platform/config';
import { stagingColumns } from '@tributary/platform/contracts';
import { createLake } from '@tributary/platform/lake';
import { openContracts } from '@tributary/platform/live-contracts';
import { createLogger } from '@tributary/platform/log';
import { createWarehouse } from '@tributary/platform/warehouse';
import { loadHandler } from './handler.ts';
import { inTurn } from './in-turn.ts';
import { rewriteHandler } from './rewrites/handler.ts';
import { VARIABLES } from './settings.ts';

/** Loads processed objects into the warehouse, and puts rewritten ones in place. */
serveEvents('load-warehouse', async () => {
  const { lake, bus, warehouse } = readConfig('lake', 'bus', 'warehouse');
  const { LOAD_SPACING_SECONDS, LOAD_JOBS_PER_DAY } = readVariables(VARIABLES);
  const contracts = await openContracts(createLogger('load-warehouse'));
  const ports = {
    lake: createLake(lake),
    bucket: lake.lakeBucket,
    bus: createBus(bus),
    warehouse: createWarehouse(warehouse),
  };
  const load = loadHandler({
    ...ports,
    contracts,
    spacingMs: LOAD_SPACING_SECONDS * 1_000,
    jobsPerDay: LOAD_JOBS_PER_DAY,
  });
  const rewrite = rewriteHandler({
    ...ports,
    staging: async (stream) => {
      const contract = (await contracts.fresh()).get(stream);
      if (!contract) return undefined;
      await ports.warehouse.ensureStaging(contract);
      return stagingColumns(contract).map(({ name }) => name);
    },
  });
  // A stream that cannot be loaded holds up no rewrite: an erasure is one.
  return (event, log) => inTurn([() => load(event, log), () => rewrite(event, log)]);
});
