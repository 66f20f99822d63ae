import type { Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';
import { entityOf } from './entity-key.ts';

/** Keys of one round trip. */
const SCAN_KEYS = 5_000;

/**
 * Rows of the online store, of every view and project: a key is an entity, so with it all views go, whether a registry still knows them or not. Every key is
 * looked at, for an entity may have the person as one of several join keys.
 */
export function onlineStore({ redis }: Pick<ErasePorts, 'redis'>): Place {
  return {
    name: 'online store',
    async look({ person: { subject, id } }, remove) {
      let [found, cursor] = [0, '0'];
      do {
        const [next, keys] = (await redis.scanBuffer(cursor, 'COUNT', SCAN_KEYS)) as [Buffer | string, Buffer[]];
        cursor = String(next);
        const theirs = keys.filter((key) =>
          entityOf(key)?.some(({ name, value }) => subject.members.has(name) && value === id),
        );
        found += theirs.length;
        if (remove && theirs.length > 0) await redis.del(...theirs);
      } while (cursor !== '0');
      return { found, removed: remove ? found : 0, notes: [] };
    },
  };
}
