import type { Contracts } from '@tributary/platform/contracts';
import { CostBudgetSpentError, type CostGuard } from '@tributary/platform/cost';
import { set } from '@tributary/platform/metrics';
import type { Warehouse } from '@tributary/platform/warehouse';

/** Between two queries of a stream. Each reads one column of the newest partitions: 10 MB, the least that BigQuery bills. */
const LOOK_EVERY_MS = 60_000;

/** The first look goes back so far; only a stream that is older than that is looked for in the whole table. */
const FIRST_LOOK_BACK_MS = 2 * 86_400_000;

export interface FreshnessPorts {
  readonly warehouse: Pick<Warehouse, 'query'>;
  /** Figures are optional work. */
  readonly cost: Pick<CostGuard, 'admit'>;
  readonly now: () => number;
}

/** Says how new the newest row of each stream is that can be queried. */
export class Freshness {
  readonly #ports: FreshnessPorts;
  /** By stream, the newest row seen, in milliseconds: later looks begin there. */
  readonly #newest = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: FreshnessPorts) {
    this.#ports = ports;
  }

  async report(contracts: Contracts): Promise<void> {
    for (const { stream, freshnessSeconds } of contracts.values())
      set('tributary.stream.freshness_limit', freshnessSeconds, { stream });
    const looks = (await this.#mayLook())
      ? await Promise.allSettled([...contracts.keys()].map((stream) => this.#look(stream)))
      : [];
    for (const [stream, newest] of this.#newest) set('tributary.stream.newest_event', newest / 1_000, { stream });
    // A stream that was declared a moment ago has no table yet; the others are told all the same.
    const failed = looks.find((look) => look.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #mayLook(): Promise<boolean> {
    if (this.#ports.now() - this.#lookedAt < LOOK_EVERY_MS) return false;
    try {
      await this.#ports.cost.admit('optional', 'freshness');
    } catch (error) {
      if (error instanceof CostBudgetSpentError) return false;
      throw error;
    }
    this.#lookedAt = this.#ports.now();
    return true;
  }

  async #look(stream: string): Promise<void> {
    const known = this.#newest.get(stream);
    const newest =
      (await this.#query(stream, known ?? this.#ports.now() - FIRST_LOOK_BACK_MS)) ??
      (known === undefined ? await this.#query(stream, 0) : undefined);
    if (newest !== undefined) this.#newest.set(stream, newest);
  }

  /** Rows with an event time in the future are somebody's wrong clock, and would make the stream look fresh for ever. */
  async #query(stream: string, since: number): Promise<number | undefined> {
    const sql = `SELECT MAX(_event_time) AS newest FROM staging.${stream} WHERE _event_time >= TIMESTAMP(@since) AND _event_time <= TIMESTAMP(@until)`;
    const [row] = await this.#ports.warehouse.query<{ newest: string | null }>(sql, {
      params: { since: new Date(since).toISOString(), until: new Date(this.#ports.now()).toISOString() },
      labels: { stage: 'observe', stream },
    });
    return row?.newest ? Date.parse(row.newest) : undefined;
  }
}
