import type { CompiledContract } from '../contracts/contract.ts';

export type Row = Record<string, unknown>;

export interface LoadRequest {
  /** BigQuery refuses a second job of the same id, which makes a load happen once. */
  readonly jobId: string;
  readonly dataset: string;
  readonly table: string;
  readonly uris: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface LoadOutcome {
  readonly jobId: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface QueryOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  /** BigQuery types of params whose value does not tell (nulls, empty arrays). */
  readonly types?: Readonly<Record<string, string | string[]>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Defaults to the configured MAX_BYTES_BILLED; every query is capped. */
  readonly maximumBytesBilled?: string;
}

/** BigQuery. Errors: `UserError` WAREHOUSE_* where a request or object is at fault, `TransientError` WAREHOUSE_UNAVAILABLE otherwise. */
export interface Warehouse {
  /** Appends Parquet objects to a table in one job. A job of that id that already ran is waited for instead, and its outcome returned. */
  load(request: LoadRequest): Promise<LoadOutcome>;
  query<T extends Row = Row>(sql: string, options?: QueryOptions): Promise<T[]>;
  /** Streams rows in; `insertIds` let BigQuery drop repeats. */
  insert(dataset: string, table: string, rows: readonly Row[], insertIds: readonly string[]): Promise<void>;
  /** Creates datasets and tables of docs/interfaces.md#warehouse that are missing; adds columns that a contract gained. */
  migrate(): Promise<void>;
  /**
   * The same for `staging.<stream>` alone, with its contract as it is now.
   *
   * @throws {UserError} WAREHOUSE_SCHEMA_CONFLICT where a column exists with another type.
   */
  ensureStaging(contract: CompiledContract): Promise<void>;
}
