import { bridge, bus, database } from './capture.ts';
import { functions, jobs } from './chain.ts';
import { COMPONENTS, type Component, type Line } from './line.ts';
import { network, observability, rest } from './operations.ts';
import { dataflow, storage } from './pipeline.ts';
import type { PriceList } from './price.ts';
import { featureServer, onlineStore } from './serving.ts';
import { warehouse } from './warehouse.ts';
import type { Workload } from './workload.ts';

/** A month's bill. */
export interface Estimate {
  readonly workload: Workload;
  readonly lines: readonly Line[];
  /** US dollars of each component; those without lines are 0. */
  readonly byComponent: Readonly<Record<Component, number>>;
  /** US dollars a month. */
  readonly total: number;
}

const PARTS: readonly ((workload: Workload, list: PriceList) => Line[])[] = [
  database,
  bridge,
  bus,
  dataflow,
  storage,
  warehouse,
  onlineStore,
  featureServer,
  functions,
  jobs,
  observability,
  network,
  rest,
];

/**
 * What a workload costs a month at list prices, in US dollars: a model to plan with, not a quotation. The bill is what Google says it is; `ops.costs` and the budget's alerts tell of it
 * while it grows.
 */
export function estimate(workload: Workload, list: PriceList): Estimate {
  const lines = PARTS.flatMap((part) => part(workload, list));
  const byComponent = Object.fromEntries(
    COMPONENTS.map((component) => [
      component,
      lines.filter((line) => line.component === component).reduce((sum, { dollars }) => sum + dollars, 0),
    ]),
  ) as Record<Component, number>;
  return { workload, lines, byComponent, total: Object.values(byComponent).reduce((sum, dollars) => sum + dollars, 0) };
}
