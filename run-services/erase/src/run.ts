import { createBus } from '@tributary/platform/bus';
import { type Environment, readConfigFrom, readEnvironment } from '@tributary/platform/config';
import { loadMappings } from '@tributary/platform/contracts';
import { createLake } from '@tributary/platform/lake';
import { loadPiiKeys } from '@tributary/platform/pii';
import { rewritePortsOf } from '@tributary/platform/rewrites';
import { createWarehouse } from '@tributary/platform/warehouse';
import { Redis } from 'ioredis';
import { type EraseOptions, type EraseReport, erase } from './erase.ts';
import { redisOptions } from './redis-options.ts';

/** Erases in the place that the environment points at. */
export async function runErase(
  options: EraseOptions,
  progress: (message: string) => void,
  environment: Environment = readEnvironment(),
): Promise<EraseReport> {
  const config = readConfigFrom(environment, 'lake', 'bus', 'warehouse', 'onlineStore', 'pii');
  const { ports: rewrites, args: pipelineArgs, contracts } = await rewritePortsOf(environment);
  const redis = new Redis({ ...redisOptions(config.onlineStore), lazyConnect: true, maxRetriesPerRequest: 3 });
  const bus = createBus(config.bus);
  const warehouse = createWarehouse(config.warehouse);
  try {
    await warehouse.migrate();
    return await erase(options, {
      lake: createLake(config.lake),
      lakeBucket: config.lake.lakeBucket,
      landingBucket: config.lake.landingBucket,
      bus,
      warehouse,
      redis,
      rewrites,
      pipelineArgs,
      contracts,
      mappings: loadMappings(),
      keys: loadPiiKeys(config.pii.keysFile),
      progress,
    });
  } finally {
    redis.disconnect();
    await bus.close();
  }
}
