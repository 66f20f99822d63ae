import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig, readVariables, variable } from '@tributary/platform/config';
import { stagingColumns } from '@tributary/platform/contracts';
import { createLake } from '@tributary/platform/lake';
import { openContracts } from '@tributary/platform/live-contracts';
import { createLogger } from '@tributary/platform/log';
import { createWarehouse, MAX_LOAD_JOBS_PER_TABLE_AND_DAY } from '@tributary/platform/warehouse';
import { z } from 'zod';
import { loadHandler } from './handler.ts';
import { inTurn } from './in-turn.ts';
import { rewriteHandler } from './rewrites/handler.ts';

const VARIABLES = {
  LOAD_SPACING_SECONDS: variable(
    z.coerce.number({ error: 'expected a number of seconds' }).min(0).max(300).default(3),
    'the least time between two loads of a table, in seconds: what comes meanwhile goes together; 60 keeps under the 1,500 jobs a day that BigQuery takes',
    '60',
  ),
  LOAD_JOBS_PER_DAY: variable(
    z.coerce.number({ error: 'expected a number of jobs' }).int().min(1).max(1_000_000).default(1_000),
    `load jobs of one table in any 24 hours, failed ones included; BigQuery takes ${MAX_LOAD_JOBS_PER_TABLE_AND_DAY}`,
    '1000',
  ),
};

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
