import { UserError } from '../errors/index.ts';
import type { Row, Warehouse } from './port.ts';
import { type Column, opsTable } from './tables.ts';

/** A repetition comes within that time: the chain gives up on a run long before. Bounds what a statement reads to two or three partitions. */
const REPEATED_WITHIN = 'INTERVAL 1 DAY';

/**
 * Appends rows to a table of `ops`, each once however often it is given: `result_id` says which are the same. The partitioning column is filled with the time of
 * the first telling.
 *
 * A statement and not a stream of inserts, for those forget ids after a minute. https://cloud.google.com/bigquery/docs/streaming-data-into-bigquery#best_effort_de-duplication
 *
 * @throws {UserError} WAREHOUSE_NO_TABLE where `ops` has no such table.
 */
export async function appendOnce(
  warehouse: Pick<Warehouse, 'query'>,
  table: string,
  rows: readonly Row[],
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  if (rows.length === 0) return;
  const declared = opsTable(table);
  if (!declared) throw new UserError('WAREHOUSE_NO_TABLE', `ops.${table} is not declared; see tables.ts.`);
  const given = declared.columns.filter(({ name }) => name !== declared.partitionBy);
  const names = given.map(({ name }) => name);
  // One parameter of JSON, because array parameters cannot hold nulls.
  const sql = `
MERGE ops.${table} AS known
USING (SELECT ${given.map(selected).join(', ')} FROM UNNEST(JSON_QUERY_ARRAY(@entries)) AS entry) AS entry
ON known.result_id = entry.result_id AND known.${declared.partitionBy} > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), ${REPEATED_WITHIN})
WHEN NOT MATCHED THEN
  INSERT (${names.join(', ')}, ${declared.partitionBy})
  VALUES (${names.map((name) => `entry.${name}`).join(', ')}, CURRENT_TIMESTAMP())`;
  await warehouse.query(sql, { params: { entries: JSON.stringify(rows) }, labels });
}

function selected({ name, type }: Column): string {
  const text = `JSON_VALUE(entry, '$.${name}')`;
  return `${type === 'STRING' ? text : `CAST(${text} AS ${type})`} AS ${name}`;
}
