import { parquetWriteBuffer } from 'hyparquet-writer';

/** A Parquet file of as many rows as there are ids. */
export function parquetFile(ids: readonly string[]): Buffer {
  return Buffer.from(parquetWriteBuffer({ columnData: [{ name: '_event_id', data: [...ids], type: 'STRING' }] }));
}
