/**
 * What a caller may do.
 *
 * - `read`: features and metrics.
 * - `write`: pushes, writes and materialization; holds `read`.
 * - `events`: deliver feature rows of the bus, and nothing else.
 */
export const RIGHTS = ['read', 'write', 'events'] as const;
export type Right = (typeof RIGHTS)[number];

const READING: ReadonlySet<string> = new Set(['/get-online-features', '/metrics']);

/** The right that a route needs. A route that is not named here changes something, until somebody says otherwise. */
export function rightFor(route: string): Right {
  if (READING.has(route)) return 'read';
  return route === '/pubsub/push' ? 'events' : 'write';
}

/** Whether one of the rights held is enough for the one needed. */
export function grants(held: readonly Right[], needed: Right): boolean {
  return held.includes(needed) || (needed === 'read' && held.includes('write'));
}
