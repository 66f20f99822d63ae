import { readFileSync } from 'node:fs';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/**
 * What the features must be, as SQL over the application's own tables: an independent second opinion that knows nothing of the lake, the warehouse or dbt.
 * Money comes as numeric, exact; ratios as double precision, to be compared at 1e-9.
 */
export const referenceSql = {
  customerFeatures: read('customer_features.sql'),
  productFeatures: read('product_features.sql'),
  /** True where nothing was deleted or rewritten; its limits are stated in the file. */
  customerActivity: read('customer_activity.sql'),
} as const;
