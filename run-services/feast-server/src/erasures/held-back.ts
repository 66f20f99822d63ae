import type { Logger } from '@tributary/platform/log';

/** Where rows come in: off the bus, or by a request to /push or /write-to-online-store. */
export type Door = 'bus' | 'push' | 'write';

/** Counts and tells that rows of somebody who was erased did not go online; never whose. */
export async function recordHeldBack(door: Door, rows: number, log: Pick<Logger, 'info'>): Promise<void> {
  if (rows === 0) return;
  // Loaded at the first such row: what measures takes longer to load than all that a small read needs.
  const { count } = await import('@tributary/platform/metrics');
  count('tributary.push.erased', rows, { door });
  log.info({ rows, door }, 'rows of somebody who was erased go no further');
}
