import { Counter, type Registry } from 'prom-client';

/** Counts requests that write; each is many rows, so prom-client's own counter does. What becomes of rows of the bus is measured as `tributary.push.…`: docs/metrics.md. */
export class WriteMetrics {
  readonly #pushes: Counter<'push_source' | 'mode'>;

  constructor(registry: Registry) {
    this.#pushes = new Counter({
      name: 'feast_push_request_total',
      help: 'Requests to /push, by push source and mode: online, offline or online_and_offline',
      labelNames: ['push_source', 'mode'],
      registers: [registry],
    });
  }

  /** @param source one that the registry has: another would be a series of its own */
  push(source: string, mode: string): void {
    this.#pushes.inc({ push_source: source, mode });
  }
}
