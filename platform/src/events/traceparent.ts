import { randomBytes } from 'node:crypto';

/** https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A new sampled trace; `traceId` (32 hex digits) makes it that of a known event, so a replay continues the same trace. */
export function createTraceparent(traceId: string = randomBytes(16).toString('hex')): string {
  return `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
}

/** The next span of a trace; a new trace where there is none or it is malformed, as the W3C recommends. */
export function childTraceparent(parent: string | undefined): string {
  return createTraceparent(parent === undefined ? undefined : TRACEPARENT.exec(parent)?.[1]);
}
