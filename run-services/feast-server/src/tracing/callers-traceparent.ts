import type { Exchange } from '../http/exchange.ts';

/** What the caller sent, for a request that is not traced here. */
export function callersTraceparent({ headers }: Exchange): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent : undefined;
}
