import type { Bus } from '../bus/port.ts';
import type { CostConfig, WarehouseConfig } from '../config/index.ts';
import type { Lake } from '../lake/port.ts';
import type { Logger } from '../log/index.ts';
import { BigQueryBilledJobs } from '../warehouse/billed-jobs.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { CostGuard } from './guard.ts';

export type { BilledJob, BilledJobs } from './billed-jobs.ts';
export { CostBudgetSpentError, type WorkKind } from './budget.ts';
export { CostGuard, type CostPorts } from './guard.ts';
export { BigQueryBilledJobs };

export interface CostGuardParts {
  readonly lake: Lake;
  /** The bucket of `control/`. */
  readonly bucket: string;
  readonly bus: Pick<Bus, 'publish'>;
  readonly warehouse: Pick<Warehouse, 'insert'>;
  readonly log: Logger;
}

/** The guard of the configuration: `const { cost, warehouse } = readConfig('cost', 'warehouse'); createCostGuard({ ...cost, ...warehouse }, parts)`. */
export function createCostGuard(config: CostConfig & WarehouseConfig, parts: CostGuardParts): CostGuard {
  return new CostGuard({ ...parts, jobs: new BigQueryBilledJobs(config), dailyBytes: config.dailyBytes });
}
