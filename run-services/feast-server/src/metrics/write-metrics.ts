import { Counter, type Registry } from 'prom-client';

/** What became of rows that were to be written. */
export type RowOutcome =
  /** In the online store. */
  | 'written'
  /** Left out: the store has a newer row of the entity. */
  | 'outdated'
  /** Refused for good, and a dead letter. */
  | 'dead_letter';

/** Counts written rows; a batch at a time, so prom-client's own counters do. */
export class WriteMetrics {
  readonly #rows: Counter<'feature_view' | 'outcome'>;
  readonly #pushes: Counter<'push_source' | 'mode'>;

  constructor(registry: Registry) {
    this.#rows = new Counter({
      name: 'feast_feature_rows_total',
      help: 'Feature rows that came from the bus, by what became of them',
      labelNames: ['feature_view', 'outcome'],
      registers: [registry],
    });
    this.#pushes = new Counter({
      name: 'feast_push_request_total',
      help: 'Requests to /push',
      labelNames: ['push_source', 'mode'],
      registers: [registry],
    });
  }

  rows(view: string, outcome: RowOutcome, count: number): void {
    if (count > 0) this.#rows.inc({ feature_view: view, outcome }, count);
  }

  push(source: string, mode: string): void {
    this.#pushes.inc({ push_source: source, mode });
  }
}
