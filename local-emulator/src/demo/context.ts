import { readConfigFrom } from '@tributary/platform/config';
import { createLake, type Lake } from '@tributary/platform/lake';
import { createWarehouse, type Warehouse } from '@tributary/platform/warehouse';
import { Client as MinioClient } from 'minio';
import type { PoolConfig } from 'pg';
import { LakeContent } from './lake-content.ts';

/** Clients of everything that the demo looks into, from the same environment as the components have. */
export interface DemoContext {
  readonly env: Readonly<Record<string, string>>;
  readonly source: PoolConfig;
  readonly lake: Lake;
  readonly lakeContent: LakeContent;
  readonly lakeBucket: string;
  readonly warehouse: Warehouse;
  readonly changesTopic: string;
  readonly featuresTopic: string;
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
  const endpoint = new URL(env.MINIO_ENDPOINT ?? '');
  const client = new MinioClient({
    endPoint: endpoint.hostname,
    port: Number(endpoint.port),
    useSSL: false,
    accessKey: env.MINIO_ACCESS_KEY ?? '',
    secretKey: env.MINIO_SECRET_KEY ?? '',
  });
  return {
    env,
    source: postgres,
    lake: createLake(lake),
    lakeContent: new LakeContent(client, lake.lakeBucket),
    lakeBucket: lake.lakeBucket,
    warehouse: createWarehouse(warehouse),
    changesTopic: `${bus.topicPrefix}changes`,
    featuresTopic: `${bus.topicPrefix}features`,
    featureServer: feast.serverUrl,
  };
}
