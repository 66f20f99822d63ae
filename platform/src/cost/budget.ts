import { TransientError } from '../errors/index.ts';

/**
 * `required`: the chain from the lake to published features, and its gates. `optional`: what somebody may ask for or that explains results: warehouse API
 * queries, data docs, freshness queries. Optional work stops first. Erasure is never stopped, nor is what replaces files of the lake.
 */
export type WorkKind = 'optional' | 'required';

/** The share of the daily budget at which work of a kind stops. The rest of the day belongs to required work alone. */
export const STOPS_AT: Readonly<Record<WorkKind, number>> = { optional: 0.8, required: 1 };

/** The name of the incident that says that work of a kind has stopped. */
export function incidentOf(kind: WorkKind): `cost:${WorkKind}` {
  return `cost:${kind}`;
}

/** Whether work of that kind has stopped. */
export function isSpent(kind: WorkKind, bytes: number, budget: number): boolean {
  return bytes >= budget * STOPS_AT[kind];
}

/** The day's budget for work of this kind is spent; the same work is admitted after midnight Pacific Time, or once the budget is raised. */
export class CostBudgetSpentError extends TransientError {
  readonly kind: WorkKind;

  constructor(kind: WorkKind, stage: string, bytes: number, budget: number) {
    const share = Math.round((bytes / budget) * 100);
    super(
      'COST_BUDGET_SPENT',
      `${stage} waits: BigQuery billed ${bytes} bytes today, ${share} % of DAILY_BYTES_BUDGET (${budget}), and ${kind} work stops at ${STOPS_AT[kind] * 100} %. ` +
        'It goes on after midnight Pacific Time; raise DAILY_BYTES_BUDGET to go on now.',
    );
    this.kind = kind;
  }
}
