import type { Exchange } from '../http/exchange.ts';

/** A server that refuses ten thousand requests a second must not write as many lines. */
const ONE_LINE_EACH_MS = 1_000;

interface Log {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Tells of requests that failed on our side (5xx): route, status, code, duration and trace, and never an entity, a value or a caller.
 * Of equal failures one line a second is written, with how many were left out before it.
 */
export class RequestLog {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #told = new Map<string, { at: number; leftOut: number }>();

  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  record(exchange: Exchange): void {
    if (exchange.status < 500) return;
    const { route, status, notes, startedAt } = exchange;
    const key = `${route} ${status} ${notes.errorCode ?? ''}`;
    const now = this.#now();
    const told = this.#told.get(key);
    if (told !== undefined && now - told.at < ONE_LINE_EACH_MS) {
      told.leftOut += 1;
      return;
    }
    this.#told.set(key, { at: now, leftOut: 0 });
    const { traceparent } = exchange.headers;
    const fields = {
      route,
      status,
      code: notes.errorCode,
      duration_ms: Math.round(performance.now() - startedAt),
      left_out: told?.leftOut ?? 0,
      ...(typeof traceparent === 'string' ? { traceparent } : {}),
    };
    // 503 is what callers are asked to try again, and 500 a fault of ours.
    this.#log[status === 503 ? 'warn' : 'error'](fields, 'a request was not answered as asked');
  }
}
