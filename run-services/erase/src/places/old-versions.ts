import type { Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';

/** Layers whose objects were of persons. */
const PREFIXES = ['raw/', 'processed/', 'dead-letter/', 'quarantine/', 'rewrites/', 'control/', 'erasures/open/'];

/**
 * What a bucket that keeps versions has of objects that were replaced or removed. All of them go, whosever they were: nobody can tell without reading each, and
 * the lifecycle removes them in days anyway.
 */
export function oldVersions({
  lake,
  lakeBucket,
  landingBucket,
}: Pick<ErasePorts, 'lake' | 'lakeBucket' | 'landingBucket'>): Place {
  return {
    name: 'old versions of objects',
    async look(_ownership, remove) {
      let found = 0;
      for (const prefix of PREFIXES) found += await lake.removeOldVersions(lakeBucket, prefix, { countOnly: !remove });
      found += await lake.removeOldVersions(landingBucket, 'landing/', { countOnly: !remove });
      return { found, removed: remove ? found : 0, notes: [] };
    },
  };
}
