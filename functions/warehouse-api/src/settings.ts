import { jsonText, variable } from '@tributary/platform/config';
import { z } from 'zod';

/** What only this function reads; the rest is in platform/config. */
export const VARIABLES = {
  WAREHOUSE_API_ROLES: variable(
    jsonText(z.record(z.string(), z.array(z.string().min(1)))).default({}),
    'who may ask the warehouse API what: role → e-mails, *@<domain>, or *',
    '{"features":["model@tributary-dev.iam.gserviceaccount.com"],"operations":["*@example.com"]}',
  ),
};
