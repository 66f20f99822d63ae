/** A BigQuery job of this platform and what it was billed for. */
export interface BilledJob {
  readonly id: string;
  /** `QUERY`, `LOAD`, `COPY`, `EXTRACT`; loads and copies are free. */
  readonly kind: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Undefined while it runs: what it will be billed for is not known yet. */
  readonly endedAt: number | undefined;
  readonly bytesBilled: number;
  /** What its maker said of it: `stage`, `run_id`, `stream`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** BigQuery's own record of what was billed: complete whoever ran the job, and whether or not it lived to tell. */
export interface BilledJobs {
  /**
   * The platform's jobs created at that instant (milliseconds) or later, those that still run included, in any order.
   *
   * @throws {TransientError} WAREHOUSE_UNAVAILABLE; {UserError} WAREHOUSE_FORBIDDEN without bigquery.jobs.listAll.
   */
  since(instant: number): Promise<BilledJob[]>;
}
