import { variable } from '@tributary/platform/config';
import { MAX_LOAD_JOBS_PER_TABLE_AND_DAY } from '@tributary/platform/warehouse';
import { z } from 'zod';

/** What only this function reads; the rest is in platform/config. */
export const VARIABLES = {
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
