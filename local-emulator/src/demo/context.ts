import { readConfigFrom } from '@tributary/platform/config';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import type { PoolConfig } from 'pg';
import { type BusObserver, observeBus } from './bus-observer.ts';
import { LakeContent } from './lake-content.ts';

/** Clients of everything that the demo looks into, from the same environment as the components have. */
export interface DemoContext {
  readonly env: Readonly<Record<string, string>>;
  readonly source: PoolConfig;
  readonly lake: Lake;
  readonly lakeContent: LakeContent;
  readonly lakeBucket: string;
  readonly warehouse: Warehouse;
  readonly bus: BusObserver;
  readonly featureServer: string;
}

export function createContext(env: Readonly<Record<string, string>>): DemoContext {
  const { lake, warehouse, postgres, bus, feast } = readConfigFrom(
    env,
    'lake',
    'warehouse',
    'postgres',
    'bus',
    'feast',
  );
  const store = createLake(lake);
  return {
    env,
    source: postgres,
    lake: store,
    lakeContent: new LakeContent(store, lake.lakeBucket),
    lakeBucket: lake.lakeBucket,
    warehouse: createWarehouse(warehouse),
    bus: observeBus(env, bus),
    featureServer: feast.serverUrl,
  };
}
