import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig, readVariables, variable } from '@tributary/platform/config';
import { stagingColumns } from '@tributary/platform/contracts';
import { createLake } from '@tributary/platform/lake';
import { openContracts } from '@tributary/platform/live-contracts';
import { createLogger } from '@tributary/platform/log';
import { createWarehouse } from '@tributary/platform/warehouse';
import { z } from 'zod';
import { loadHandler } from './handler.ts';
import { rewriteHandler } from './rewrites/handler.ts';

const VARIABLES = {
  LOAD_SPACING_SECONDS: variable(
    z.coerce.number({ error: 'expected a number of seconds' }).min(0).max(300).default(3),
    'the least time between two loads of a table, in seconds: what comes meanwhile goes together; 60 keeps under the 1,500 jobs a day that BigQuery takes',
    '60',
  ),
};

/** Loads processed objects into the warehouse, and puts rewritten ones in place. */
serveEvents('load-warehouse', async () => {
  const { lake, bus, warehouse } = readConfig('lake', 'bus', 'warehouse');
  const { LOAD_SPACING_SECONDS } = readVariables(VARIABLES);
  const contracts = await openContracts(createLogger('load-warehouse'));
  const ports = {
    lake: createLake(lake),
    bucket: lake.lakeBucket,
    bus: createBus(bus),
    warehouse: createWarehouse(warehouse),
  };
  const load = loadHandler({ ...ports, contracts, spacingMs: LOAD_SPACING_SECONDS * 1_000 });
  const rewrite = rewriteHandler({
    ...ports,
    staging: async (stream) => {
      const contract = (await contracts.fresh()).get(stream);
      if (!contract) return undefined;
      await ports.warehouse.ensureStaging(contract);
      return stagingColumns(contract).map(({ name }) => name);
    },
  });
  return async (event, log) => {
    await load(event, log);
    await rewrite(event, log);
  };
});
