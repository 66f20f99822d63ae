import { isInWarehouse, type LedgerEntry, REWRITTEN } from './ledger.ts';
import { type LoadObject, objectId } from './object.ts';

/** SHA-256 in hex. docs/interfaces.md#lake */
const NAMED_BY_HASH = /\/part-[0-9a-f]{64}\.parquet$/;

/** An object of other content than the generation of it that is in the warehouse. */
export interface Overwritten {
  readonly object: LoadObject;
  readonly older: LedgerEntry;
}

export interface Triage {
  /** To be loaded, in a stable order. */
  readonly load: readonly LoadObject[];
  /** Nothing to do but to note them in the ledger. */
  readonly note: readonly { readonly object: LoadObject; readonly reason: 'superseded' | 'unchanged' }[];
  /** Of those to be loaded, the ones whose earlier generation is in the warehouse, with that one: its rows are to be replaced. */
  readonly overwritten: readonly Overwritten[];
}

/**
 * Sorts what arrived by what the ledger knows.
 *
 * A URI names the newest generation only, so older ones are superseded. Only what is in the warehouse counts as loaded: an object that was quarantined is
 * looked at again when it comes again. The pipeline names its objects by a hash of what they hold or were made from, and a restart may write one again: under such a
 * name a newer generation of the same size is the same object. The rows of any other take the place of the older generation's.
 */
export function triage(bucket: string, arrived: readonly LoadObject[], known: readonly LedgerEntry[]): Triage {
  const knownIds = new Set(known.map(({ object_id }) => object_id));
  const newestKnown = newestByName(known);
  const newestLoaded = newestByName(known.filter(isInWarehouse));
  const fresh = distinctObjects(bucket, arrived).filter((object) => !knownIds.has(objectId(bucket, object)));
  const newestFresh = newestByName(fresh);
  const result = { load: [] as LoadObject[], note: [] as Triage['note'][number][], overwritten: [] as Overwritten[] };
  for (const object of fresh) {
    const earlier = newestLoaded.get(object.name);
    const latest = newestKnown.get(object.name);
    if (newestFresh.get(object.name) !== object || (latest && isNewer(latest, object))) {
      result.note.push({ object, reason: 'superseded' });
    } else if (earlier && isSame(earlier, object)) {
      result.note.push({ object, reason: 'unchanged' });
    } else {
      result.load.push(object);
      if (earlier) result.overwritten.push({ object, older: earlier });
    }
  }
  return result;
}

/** Whether a newer generation holds what is in the warehouse. Of a rewrite's output the ledger knows before the object has a generation. */
function isSame(earlier: LedgerEntry, { name, size }: LoadObject): boolean {
  return earlier.byte_count === size && (NAMED_BY_HASH.test(name) || earlier.job_id === REWRITTEN);
}

/** Each object once, by name and generation. */
export function distinctObjects(bucket: string, objects: readonly LoadObject[]): LoadObject[] {
  const distinct = [...new Map(objects.map((object) => [objectId(bucket, object), object])).values()];
  return distinct.sort((a, b) => (a.name === b.name ? (isNewer(a, b) ? 1 : -1) : a.name < b.name ? -1 : 1));
}

function newestByName<T extends { readonly name: string; readonly generation: string }>(
  objects: readonly T[],
): Map<string, T> {
  const newest = new Map<string, T>();
  for (const object of objects) {
    const other = newest.get(object.name);
    if (!other || isNewer(object, other)) newest.set(object.name, object);
  }
  return newest;
}

/** Generations are numbers beyond what a double holds. */
function isNewer(a: { readonly generation: string }, b: { readonly generation: string }): boolean {
  return BigInt(a.generation) > BigInt(b.generation);
}
