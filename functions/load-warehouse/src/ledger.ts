import type { Warehouse } from '@tributary/platform/warehouse';

/** What became of an object. */
export interface LedgerEntry {
  readonly object_id: string;
  readonly stream: string;
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  /**
   * The load job; or why there was none: `quarantined`, `superseded` by a newer generation, `unchanged` from an older one, `gone`, or `rewritten`: its rows are
   * those of objects it was made from, and in the warehouse with them.
   */
  readonly job_id: string;
  readonly manifest: string;
  /** By the footer of the file; null where its job loaded what nobody could count, which people are told. */
  readonly row_count: number | null;
  readonly byte_count: number;
}

/** Load jobs' ids begin so; other values of `job_id` say why there was none. */
export const JOB_PREFIX = 'load_';

/** Of an object that a rewrite made. */
export const REWRITTEN = 'rewritten';

/** Whether an object's rows are in the warehouse. */
export function isInWarehouse({ job_id }: Pick<LedgerEntry, 'job_id'>): boolean {
  return job_id.startsWith(JOB_PREFIX) || job_id === REWRITTEN;
}

/** Names in one query's parameters: well below the 10 MB that a request may have. https://cloud.google.com/bigquery/quotas#query_jobs */
const MAX_NAMES_PER_QUERY = 5_000;

const FIND = `
SELECT object_id, stream, bucket, name, CAST(generation AS STRING) AS generation, job_id, manifest, row_count, byte_count
FROM ops.loads
WHERE stream = @stream AND name IN UNNEST(@names)`;

// One parameter of JSON, because array parameters cannot hold nulls.
const ADD = `
MERGE ops.loads AS ledger
USING (
  SELECT
    JSON_VALUE(entry, '$.object_id') AS object_id,
    JSON_VALUE(entry, '$.stream') AS stream,
    JSON_VALUE(entry, '$.bucket') AS bucket,
    JSON_VALUE(entry, '$.name') AS name,
    CAST(JSON_VALUE(entry, '$.generation') AS INT64) AS generation,
    JSON_VALUE(entry, '$.job_id') AS job_id,
    JSON_VALUE(entry, '$.manifest') AS manifest,
    CAST(JSON_VALUE(entry, '$.row_count') AS INT64) AS row_count,
    CAST(JSON_VALUE(entry, '$.byte_count') AS INT64) AS byte_count
  FROM UNNEST(JSON_QUERY_ARRAY(@entries)) AS entry
) AS entry
ON ledger.object_id = entry.object_id AND ledger.stream = entry.stream
WHEN NOT MATCHED THEN
  INSERT (object_id, stream, bucket, name, generation, job_id, manifest, row_count, byte_count, loaded_at)
  VALUES (
    entry.object_id, entry.stream, entry.bucket, entry.name, entry.generation,
    entry.job_id, entry.manifest, entry.row_count, entry.byte_count, CURRENT_TIMESTAMP()
  )`;

/** `ops.loads`: which objects are in the warehouse, each once. */
export class Ledger {
  readonly #warehouse: Warehouse;

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** All that is known of objects of these names, whatever their generation. */
  async find(stream: string, names: readonly string[]): Promise<LedgerEntry[]> {
    const found: LedgerEntry[] = [];
    for (let from = 0; from < names.length; from += MAX_NAMES_PER_QUERY) {
      const rows = await this.#warehouse.query<LedgerEntry & Record<string, unknown>>(FIND, {
        params: { stream, names: names.slice(from, from + MAX_NAMES_PER_QUERY) },
        labels: { stage: 'load', stream },
      });
      for (const row of rows) {
        const row_count = row.row_count === null ? null : Number(row.row_count);
        found.push({ ...row, row_count, byte_count: Number(row.byte_count) });
      }
    }
    return found;
  }

  /** Adds entries; an object that has one keeps it. */
  async add(entries: readonly LedgerEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += MAX_NAMES_PER_QUERY) {
      await this.#warehouse.query(ADD, {
        params: { entries: JSON.stringify(entries.slice(from, from + MAX_NAMES_PER_QUERY)) },
        labels: { stage: 'load' },
      });
    }
  }
}
