import type pg from 'pg';
import { TABLES } from '../tables.ts';
import type { Group } from './plan.ts';

/**
 * The statement of a group. Rows travel as one JSON parameter: Postgres reads each value from its text as the column's type, so no number passes through a
 * float, and any number of rows is one statement of a fixed text.
 *
 * Each is idempotent and silent where there is nothing to do: a row that is there is not inserted again, a row that already has the values is not updated, so
 * change capture sees nothing.
 */
export function statementOf(group: Group): pg.QueryConfig & { readonly text: string } {
  const table = `shop.${group.table}`;
  const key = TABLES.get(group.table)!.primaryKey;
  const rows = `json_populate_recordset(NULL::${table}, $1::json) AS new`;
  const matches = key.map((name) => `old.${name} = new.${name}`).join(' AND ');
  const values = [JSON.stringify(group.operations.map(({ row }) => row))];

  switch (group.op) {
    case 'insert': {
      const columns = group.columns.join(', ');
      return {
        text: `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${rows} ON CONFLICT DO NOTHING`,
        values,
      };
    }
    case 'update': {
      const changed = group.columns.filter((name) => !key.includes(name));
      const list = (side: string) => changed.map((name) => `${side}.${name}`).join(', ');
      const newer = group.unlessNewer ? ' AND old.updated_at <= new.updated_at' : '';
      return {
        text:
          `UPDATE ${table} AS old SET ${changed.map((name) => `${name} = new.${name}`).join(', ')} FROM ${rows} ` +
          `WHERE ${matches}${newer} AND (${list('old')}) IS DISTINCT FROM (${list('new')})`,
        values,
      };
    }
    case 'delete':
      return { text: `DELETE FROM ${table} AS old USING ${rows} WHERE ${matches}`, values };
  }
}
