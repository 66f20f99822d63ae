import { parquetWriteBuffer } from 'hyparquet-writer';

const HOUR_MS = 3_600_000;
/** Rows of a burst are of one day; each object has those of one hour, as the pipeline's have. */
const DAY = Date.UTC(2026, 10, 21);

/** A small Parquet object of orders, and the ids of its rows. */
export interface SmallObject {
  readonly name: string;
  readonly body: Buffer;
  readonly ids: readonly string[];
}

/**
 * Objects of a few orders each, as the pipeline writes them when it flushes often.
 *
 * @param prefix where they are, ending in `/`; below it they are spread over the hours of a day
 * @param run tells the rows from those of other objects
 */
export function smallObjects(prefix: string, run: string, count: number, rowsEach: number): SmallObject[] {
  return Array.from({ length: count }, (_, n) => smallObject(prefix, run, n, rowsEach));
}

function smallObject(prefix: string, run: string, n: number, rows: number): SmallObject {
  const hour = n % 24;
  const at = Array.from({ length: rows }, (_, row) => new Date(DAY + hour * HOUR_MS + n + row));
  const ids = at.map((_, row) => `${run}-${String(n).padStart(6, '0')}-${row}`);
  const same = <T>(value: T): T[] => ids.map(() => value);
  const body = parquetWriteBuffer({
    columnData: [
      { name: '_event_id', data: [...ids], type: 'STRING' },
      { name: '_op', data: same('c'), type: 'STRING' },
      { name: '_lsn', data: ids.map((_, row) => BigInt(n * rows + row)), type: 'INT64' },
      { name: '_source_time', data: at, type: 'TIMESTAMP' },
      { name: '_event_time', data: at, type: 'TIMESTAMP' },
      { name: '_ingested_at', data: at, type: 'TIMESTAMP' },
      { name: '_contract_version', data: same('1.0.0'), type: 'STRING' },
      { name: '_origin', data: same('stream'), type: 'STRING' },
      { name: 'order_id', data: [...ids], type: 'STRING' },
      { name: 'customer_id', data: ids.map((_, row) => BigInt(row)), type: 'INT64' },
      { name: 'kind', data: same('purchase'), type: 'STRING' },
      { name: 'status', data: same('placed'), type: 'STRING' },
      { name: 'order_time', data: at, type: 'TIMESTAMP' },
      { name: 'updated_at', data: at, type: 'TIMESTAMP' },
    ],
  });
  const folder = `${prefix}dt=2026-11-21/hr=${String(hour).padStart(2, '0')}/`;
  return { name: `${folder}part-${run}-${String(n).padStart(6, '0')}.parquet`, body: Buffer.from(body), ids };
}
