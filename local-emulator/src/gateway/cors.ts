/** How long a browser remembers what it may, in seconds. */
const REMEMBERED_SECONDS = '600';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether an origin is a page of this machine, whatever its port. `null`, which sandboxed pages of anybody have, is none. */
export function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && LOOPBACK_NAMES.has(new URL(origin).hostname);
}

/**
 * The headers by which a browser lets a page read an answer.
 *
 * @param origin one that may; undefined is a program, which needs no permission
 */
export function permission(origin: string | undefined): Readonly<Record<string, string>> {
  if (origin === undefined) return { vary: 'origin' };
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'accept, authorization, content-type, traceparent, x-api-key',
    'access-control-expose-headers': '*',
    'access-control-max-age': REMEMBERED_SECONDS,
  };
}
