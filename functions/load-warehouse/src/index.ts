import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig, readVariables, variable } from '@tributary/platform/config';
import { loadContracts } from '@tributary/platform/contracts';
import { createLake } from '@tributary/platform/lake';
import { createWarehouse } from '@tributary/platform/warehouse';
import { z } from 'zod';
import { loadHandler } from './handler.ts';

const VARIABLES = {
  LOAD_SPACING_SECONDS: variable(
    z.coerce.number({ error: 'expected a number of seconds' }).min(0).max(300).default(3),
    'the least time between two loads of a table, in seconds: what comes meanwhile goes together; 60 keeps under the 1,500 jobs a day that BigQuery takes',
    '60',
  ),
};

/** Loads processed objects into the warehouse. */
serveEvents('load-warehouse', () => {
  const { lake, bus, warehouse } = readConfig('lake', 'bus', 'warehouse');
  const { LOAD_SPACING_SECONDS } = readVariables(VARIABLES);
  return loadHandler({
    lake: createLake(lake),
    bucket: lake.lakeBucket,
    bus: createBus(bus),
    warehouse: createWarehouse(warehouse),
    streams: [...loadContracts().keys()],
    spacingMs: LOAD_SPACING_SECONDS * 1_000,
  });
});
