import { count, set } from '@tributary/platform/metrics';

/** What became of a row of the bus. `superseded`: a newer row of its entity was at hand or online. */
export type RowOutcome = 'pushed' | 'superseded' | 'refused';

/** What became of the rows of one batch. Recorded once, when the batch is done with: one that failed comes again, and its rows are not to count twice. */
export class BatchOutcomes {
  readonly #rows = new Map<string, Map<RowOutcome, number>>();
  readonly #newest = new Map<string, number>();

  add(view: string, outcome: RowOutcome, rows: number): void {
    const ofView = this.#rows.get(view) ?? new Map<RowOutcome, number>();
    this.#rows.set(view, ofView);
    ofView.set(outcome, (ofView.get(outcome) ?? 0) + rows);
  }

  /** Rows of these event timestamps, or newer ones of their entities, are online. */
  served(view: string, eventTimestamps: readonly string[]): void {
    for (const text of eventTimestamps) {
      const seconds = Date.parse(text) / 1_000;
      if (seconds > (this.#newest.get(view) ?? Number.NEGATIVE_INFINITY)) this.#newest.set(view, seconds);
    }
  }

  record(): void {
    for (const [view, outcomes] of this.#rows) {
      for (const [outcome, rows] of outcomes) if (rows > 0) count('tributary.push.rows', rows, { view, outcome });
    }
    for (const [view, seconds] of this.#newest) set('tributary.view.newest_event', seconds, { view });
  }
}
