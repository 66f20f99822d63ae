import { createBus } from '@tributary/platform/bus';
import { type Config, readConfig } from '@tributary/platform/config';
import { loadContracts } from '@tributary/platform/contracts';
import { createLake } from '@tributary/platform/lake';
import { loadPiiKeys } from '@tributary/platform/pii';
import { type ReplayOptions, type ReplayReport, replay } from './replay.ts';

/** Replays with the lake and the bus that the configuration selects. */
export async function runReplay(
  options: ReplayOptions,
  config: Config<'lake' | 'bus' | 'pii'> = readConfig('lake', 'bus', 'pii'),
): Promise<ReplayReport> {
  const bus = createBus(config.bus);
  try {
    return await replay(options, {
      lake: createLake(config.lake),
      lakeBucket: config.lake.lakeBucket,
      landingBucket: config.lake.landingBucket,
      bus,
      contracts: loadContracts(),
      keys: loadPiiKeys(config.pii.keysFile),
    });
  } finally {
    await bus.close();
  }
}
