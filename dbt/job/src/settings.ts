import { homedir } from 'node:os';
import { join } from 'node:path';
import { variable } from '@tributary/platform/config';
import { z } from 'zod';

/** What only this job reads; the rest is in platform/config. */
export const VARIABLES = {
  DBT_CACHE_DIR: variable(
    z.string().default(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tributary', 'dbt')),
    'where dbt keeps what it parsed for the next run',
    '/var/cache/dbt',
  ),
  DBT_TIMEOUT_SECONDS: variable(
    z.coerce.number().int().min(1).default(540),
    "how long dbt may take; shorter than the job's own timeout",
    '540',
  ),
};
