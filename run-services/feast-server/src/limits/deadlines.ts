import { rightFor } from '../auth/rights.ts';
import type { Exchange } from '../http/exchange.ts';

/** A caller's own deadline, in milliseconds; Envoy's name for it, which its meshes and Google's load balancers send on. */
const OWN_DEADLINE_HEADER = 'x-envoy-expected-rq-timeout-ms';

/** The `deadlineMs` hook: the server's deadline for reads or writes, or the caller's own where that is sooner. */
export function deadlines({ readDeadlineMs, writeDeadlineMs }: { readDeadlineMs: number; writeDeadlineMs: number }) {
  return (exchange: Exchange): number => {
    const allowed = rightFor(exchange.route) === 'read' ? readDeadlineMs : writeDeadlineMs;
    const header = exchange.headers[OWN_DEADLINE_HEADER];
    if (header === undefined) return allowed;
    const own = Number(header);
    return own > 0 && own < allowed ? own : allowed;
  };
}
