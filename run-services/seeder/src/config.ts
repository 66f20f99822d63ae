import { fileURLToPath } from 'node:url';
import { variable } from '@tributary/platform/config';
import { z } from 'zod';

/** The committed recording: what is seeded when nothing else is asked for. */
export const DEFAULT_INPUT = fileURLToPath(new URL('../data/mock-events.ndjson', import.meta.url));

/** What only the seeder's service reads; the rest is in platform/config. */
export const SERVICE_VARIABLES = {
  SEED_INPUT_ROOT: variable(
    z
      .string()
      .min(1)
      .default(fileURLToPath(new URL('../data', import.meta.url))),
    'the folder whose files POST /runs may seed, and no others',
    '/data',
  ),
  SEEDER_API_KEY: variable(
    z.string().min(16, 'expected at least 16 characters').optional(),
    'what callers send as x-api-key; required unless the service listens on loopback only',
    'from your secret store',
    { secret: true },
  ),
} as const;
