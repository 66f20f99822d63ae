import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';

/** Places of their own, and what an erasure itself keeps. */
const LOOKED_AT_ELSEWHERE = ['raw/', 'processed/', 'dead-letter/', 'quarantine/', 'erasures/'];

/** What the chain lives by; it holds names of objects, no rows. */
const STATE_OF_THE_CHAIN = /^control\/(arrivals\/|[^/]+\/(arrivals|manifests)\/)|\/lease\.json$|^rewrites\/open\//;

/** Reports, samples of incidents, documents and whatever else lies in the lake. */
export function otherObjects({ lake, lakeBucket }: Pick<ErasePorts, 'lake' | 'lakeBucket'>): Place {
  return {
    name: 'reports and samples',
    async look(ownership, remove): Promise<Found> {
      let [found, removed] = [0, 0];
      const notes: string[] = [];
      for await (const { name } of lake.list(lakeBucket, '')) {
        if (LOOKED_AT_ELSEWHERE.some((prefix) => name.startsWith(prefix)) || !name.endsWith('.json')) continue;
        const stored = await lake.read(lakeBucket, name);
        if (!stored || !ownership.ownsBytes(stored.body)) continue;
        found += 1;
        if (STATE_OF_THE_CHAIN.test(name)) {
          notes.push(
            `${name} names the person, and is part of work that is under way; run this again when it has ended`,
          );
        } else if (remove) {
          await lake.remove(lakeBucket, name);
          removed += 1;
        }
      }
      return { found, removed, notes };
    },
  };
}
