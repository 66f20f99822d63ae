import { randomUUID } from 'node:crypto';
import { TributaryError } from '@tributary/platform/errors';
import { MAX_URIS_PER_LOAD_JOB, type Warehouse } from '@tributary/platform/warehouse';

/**
 * Puts rows in the place of those of the same event ids, and adds the ones whose id is not there: one statement, so that no query sees less than before.
 * Doing it again changes nothing.
 *
 * The rows are loaded into a table of this call's own first. A call that dies leaves it behind, so it ends by itself after a day.
 *
 * @param columns of `staging.<stream>`
 * @param rows how many the objects hold
 */
export async function mergeByEventId(
  warehouse: Warehouse,
  stream: string,
  columns: readonly string[],
  uris: readonly string[],
  rows: number,
): Promise<void> {
  const call = randomUUID().replaceAll('-', '');
  const table = `rewrite_${stream}_${call}`;
  const labels = { stage: 'rewrite', stream };
  await warehouse.query(
    `CREATE TABLE ops.${table} OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS SELECT * FROM staging.${stream} WHERE FALSE`,
    { labels },
  );
  try {
    let loaded = 0;
    for (let from = 0; from < uris.length; from += MAX_URIS_PER_LOAD_JOB) {
      const part = uris.slice(from, from + MAX_URIS_PER_LOAD_JOB);
      const outcome = await warehouse.load({ jobId: `${table}_${from}`, dataset: 'ops', table, uris: part, labels });
      loaded += outcome.rows;
    }
    if (loaded !== rows) {
      throw new TributaryError(
        'REWRITE_ROWS_MISSING',
        'bug',
        `${loaded} of ${rows} changed rows of ${stream} were loaded; nothing was replaced. Look at the load jobs ${table}_*.`,
      );
    }
    await warehouse.query(mergeStatement(stream, table, columns), { labels });
  } finally {
    await warehouse.query(`DROP TABLE IF EXISTS ops.${table}`, { labels });
  }
}

function mergeStatement(stream: string, table: string, columns: readonly string[]): string {
  const others = columns.filter((column) => column !== '_event_id');
  return `
MERGE staging.${stream} AS stored
USING (
  SELECT * FROM ops.${table}
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY _event_id ORDER BY _ingested_at) = 1
) AS better
ON stored._event_id = better._event_id
WHEN MATCHED THEN UPDATE SET ${others.map((column) => `${column} = better.${column}`).join(', ')}
WHEN NOT MATCHED THEN INSERT (${columns.join(', ')}) VALUES (${columns.map((column) => `better.${column}`).join(', ')})`;
}
