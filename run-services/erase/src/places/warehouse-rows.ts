import type { Ownership } from '../person.ts';
import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';

type Ports = Pick<ErasePorts, 'warehouse' | 'contracts'>;

const LABELS = { stage: 'erase' };

/** Query parameters of a request are far below the 10 MB it may have. https://cloud.google.com/bigquery/quotas#query_jobs */
const MAX_KEYS = 20_000;

/** Rows of `staging.<stream>`: those that name the person, and those that name nobody and have a key of theirs. */
export function stagingRows({ warehouse, contracts }: Ports): Place {
  return {
    name: 'staging',
    async look({ person }, remove): Promise<Found> {
      let found = 0;
      for (const [stream, field] of person.subject.fields) {
        const key = keyText(contracts.get(stream)!.primaryKey);
        const known = (person.keys.get(stream) ?? []).map(joined);
        // An empty list would have no type.
        for (const keys of chunks(known.length === 0 ? [''] : known)) {
          found += await count(
            warehouse,
            `staging.${stream}`,
            `CAST(${field} AS STRING) = @id OR (${field} IS NULL AND ${key} IN UNNEST(@keys))`,
            { id: person.id, keys },
            remove,
          );
        }
      }
      return { found, removed: remove ? found : 0, notes: [] };
    },
  };
}

/** Tables of other datasets than `staging` that have a column which names the person: feature tables, snapshots, whatever people added. */
export function martRows({ warehouse }: Ports, datasets: readonly string[]): Place {
  return {
    name: 'marts',
    async look({ person: { subject, id } }, remove): Promise<Found> {
      let found = 0;
      for (const { dataset, table, column } of await columnsOf(warehouse, datasets, [...subject.members])) {
        found += await count(warehouse, `${dataset}.${table}`, `CAST(${column} AS STRING) = @id`, { id }, remove);
      }
      return { found, removed: remove ? found : 0, notes: [] };
    },
  };
}

/** Texts of `ops` that name the person, such as a failed check's sample: the row goes, the run's other rows stay. */
export function operationsRows({ warehouse }: Ports): Place {
  return {
    name: 'operations',
    async look({ person: { subject, id, tokens } }, remove): Promise<Found> {
      const named = `"(${[...subject.members].join('|')})"\\s*:\\s*"?${escaped(id)}"?\\s*[,}\\]]`;
      const pattern = [named, ...[...tokens].map(escaped)].join('|');
      let found = 0;
      const texts = await warehouse.query<{ table_name: string; column_name: string }>(
        `SELECT columns.table_name, columns.column_name FROM ops.INFORMATION_SCHEMA.COLUMNS AS columns
         INNER JOIN ops.INFORMATION_SCHEMA.TABLES AS tables ON columns.table_name = tables.table_name
         WHERE tables.table_type = 'BASE TABLE' AND columns.column_name IN ('payload', 'detail', 'results', 'samples', 'message')
           AND columns.data_type = 'STRING'`,
        { labels: LABELS },
      );
      for (const { table_name: table, column_name: column } of texts) {
        found += await count(warehouse, `ops.${table}`, `REGEXP_CONTAINS(${column}, @pattern)`, { pattern }, remove);
      }
      return { found, removed: remove ? found : 0, notes: [] };
    },
  };
}

/** What tells data of the person beside their number, as far as the warehouse knows. */
export async function tracesOf(
  { subject, id }: Ownership['person'],
  { warehouse, contracts }: Ports,
): Promise<{ keys: Map<string, string[][]>; tokens: Set<string> }> {
  const keys = new Map<string, string[][]>();
  const tokens = new Set<string>();
  for (const [stream, field] of subject.fields) {
    const { primaryKey, fields } = contracts.get(stream)!;
    const rows = await warehouse.query<{ key: string }>(
      `SELECT DISTINCT ${keyText(primaryKey)} AS key FROM staging.${stream} WHERE CAST(${field} AS STRING) = @id`,
      { params: { id }, labels: LABELS },
    );
    if (rows.length > 0)
      keys.set(
        stream,
        rows.map(({ key }) => key.split(BETWEEN)),
      );
    for (const { name } of fields.filter(({ pii }) => pii === 'tokenize')) {
      // Two people of one name have one token for it: that tells nobody.
      const found = await warehouse.query<{ token: string }>(
        `SELECT ${name} AS token FROM staging.${stream} WHERE ${name} IS NOT NULL
         GROUP BY ${name} HAVING LOGICAL_OR(CAST(${field} AS STRING) = @id) AND NOT LOGICAL_OR(COALESCE(CAST(${field} AS STRING), '') != @id)`,
        { params: { id }, labels: LABELS },
      );
      for (const { token } of found) tokens.add(token);
    }
  }
  return { keys, tokens };
}

async function columnsOf(
  warehouse: Ports['warehouse'],
  datasets: readonly string[],
  columns: readonly string[],
): Promise<{ dataset: string; table: string; column: string }[]> {
  const found: { dataset: string; table: string; column: string }[] = [];
  for (const dataset of datasets) {
    const rows = await warehouse.query<{ table_name: string; column_name: string }>(
      `SELECT columns.table_name, columns.column_name FROM ${dataset}.INFORMATION_SCHEMA.COLUMNS AS columns
       INNER JOIN ${dataset}.INFORMATION_SCHEMA.TABLES AS tables ON columns.table_name = tables.table_name
       WHERE tables.table_type = 'BASE TABLE' AND columns.column_name IN UNNEST(@columns)`,
      { params: { columns }, labels: LABELS },
    );
    found.push(...rows.map((row) => ({ dataset, table: row.table_name, column: row.column_name })));
  }
  return found;
}

async function count(
  warehouse: Ports['warehouse'],
  table: string,
  condition: string,
  params: Record<string, unknown>,
  remove: boolean,
): Promise<number> {
  const [row] = await warehouse.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table} WHERE ${condition}`, {
    params,
    labels: LABELS,
  });
  const found = Number(row!.n);
  if (remove && found > 0) await warehouse.query(`DELETE FROM ${table} WHERE ${condition}`, { params, labels: LABELS });
  return found;
}

/** Between the parts of a key; control characters are in no key of a sane source. */
const BETWEEN = '\u001f';

function keyText(primaryKey: readonly string[]): string {
  return primaryKey.map((name) => `COALESCE(CAST(${name} AS STRING), '')`).join(` || '${BETWEEN}' || `);
}

function joined(key: readonly string[]): string {
  return key.join(BETWEEN);
}

function chunks(keys: readonly string[]): string[][] {
  const result: string[][] = [];
  for (let from = 0; from < keys.length; from += MAX_KEYS) result.push(keys.slice(from, from + MAX_KEYS));
  return result;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
