import type { PushRow } from './feature-view.ts';

/**
 * Of each entity only the newest row: the online store holds no other, and in a replay of old data most rows of a batch are outdated by later ones of it.
 * Of rows with one event_timestamp the first stays; they are the same row, delivered twice.
 */
export function newestPerEntity(rows: readonly PushRow[]): PushRow[] {
  const newest = new Map<string, PushRow>();
  for (const row of rows) {
    const key = `${row.view.name}:${typeof row.entity}:${row.entity}`;
    const known = newest.get(key);
    if (!known || row.eventTimestamp > known.eventTimestamp) newest.set(key, row);
  }
  return [...newest.values()];
}
