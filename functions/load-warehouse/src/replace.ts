import { randomUUID } from 'node:crypto';
import type { Lake } from '@tributary/platform/lake';
import { LoadRejectedError, type Warehouse } from '@tributary/platform/warehouse';
import { JOB_PREFIX } from './ledger.ts';
import { withinLimits } from './load-jobs.ts';
import type { LoadObject } from './object.ts';
import type { Overwritten } from './triage.ts';

const HOUR_MS = 3_600_000;
/** `processed/<stream>/dt=YYYY-MM-DD/hr=HH/`: rows of that hour by `_event_time`. docs/interfaces.md#lake */
const FOLDER = /\/dt=(\d{4}-\d\d-\d\d)\/hr=(\d\d)\/$/;

export interface ReplacePorts {
  readonly lake: Lake;
  readonly bucket: string;
  readonly warehouse: Warehouse;
}

/** What became of the objects of one folder. */
export interface Replaced {
  readonly jobId: string;
  /** Rows of the newer generations; they are in the warehouse. */
  readonly rows: number;
  /** Rows of the older generations that the newer ones do not hold and that left the warehouse. */
  readonly removed: number;
  /** Why such rows were left, if they were. */
  readonly kept: string | undefined;
}

/** Overwritten objects by the folder they are in: one replacement each. */
export function byFolder(overwritten: readonly Overwritten[]): Map<string, Overwritten[]> {
  const folders = new Map<string, Overwritten[]>();
  for (const each of overwritten) {
    const folder = each.object.name.slice(0, each.object.name.lastIndexOf('/') + 1);
    folders.set(folder, [...(folders.get(folder) ?? []), each]);
  }
  return folders;
}

/**
 * Puts the rows of newer generations in the place of the older ones', in one statement, so that no query sees less than before. Doing it again changes nothing: who dies
 * before the ledger knows of it has lost nothing.
 *
 * No row says which object it came from, and the older content is gone. But a folder holds every row of its hour: a row of that hour that is in no object of the folder any more
 * came from what was overwritten. It may also have come from an object that was removed (retention, a person). So such rows are removed only where they are no more than
 * the older generations had, by the ledger, beside those that the newer ones hold too; else they stay, and people are told.
 *
 * @param folder where the objects are, ending in `/`
 * @param columns of `staging.<stream>`
 * @throws {LoadRejectedError} where BigQuery refuses a newer generation; nothing was replaced
 */
export async function replaceRows(
  { lake, bucket, warehouse }: ReplacePorts,
  stream: string,
  columns: readonly string[],
  folder: string,
  overwritten: readonly Overwritten[],
): Promise<Replaced> {
  const call = randomUUID().replaceAll('-', '');
  const [newer, others] = [`rewrite_${stream}_${call}_newer`, `rewrite_${stream}_${call}_others`];
  const labels = { stage: 'load', stream };
  try {
    for (const table of [newer, others]) {
      await warehouse.query(
        `CREATE TABLE ops.${table} OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS SELECT * FROM staging.${stream} WHERE FALSE`,
        { labels },
      );
    }
    const load = async (table: string, objects: readonly LoadObject[]) => {
      const ids: string[] = [];
      let rows = 0;
      for (const [index, group] of withinLimits(objects).entries()) {
        const uris = group.map(({ name }) => lake.uri(bucket, name));
        const jobId = `${JOB_PREFIX}${stream}_${call}_${table === newer ? 'newer' : 'others'}_${index}`;
        rows += (await warehouse.load({ jobId, dataset: 'ops', table, uris, labels })).rows;
        ids.push(jobId);
      }
      return { jobId: ids[0] ?? '', rows };
    };
    const { jobId, rows } = await load(
      newer,
      overwritten.map(({ object }) => object),
    );
    const hour = hourOf(folder);
    const known = hour && (await loadOthers());
    const plan = await planOf(known ? hour : undefined);
    await warehouse.query(mergeStatement(stream, columns, newer, others, plan.removed > 0), {
      labels,
      params: { from: hour?.from ?? FIRST, to: hour?.to ?? LAST },
    });
    return { jobId, rows, ...plan };

    /** Whether everything else that the folder holds could be read. */
    async function loadOthers(): Promise<boolean> {
      const names = new Set(overwritten.map(({ object }) => object.name));
      const rest: LoadObject[] = [];
      for await (const { name, generation, size } of lake.list(bucket, folder)) {
        if (!names.has(name) && name.endsWith('.parquet')) rest.push({ name, generation, size });
      }
      try {
        await load(others, rest);
        return true;
      } catch (error) {
        if (error instanceof LoadRejectedError) return false;
        throw error;
      }
    }

    async function planOf(bounds: Hour | undefined): Promise<Pick<Replaced, 'removed' | 'kept'>> {
      if (!bounds) return { removed: 0, kept: 'what else the folder holds cannot be told' };
      const [counts] = await warehouse.query<{ shared: number; orphans: number }>(
        countStatement(stream, newer, others),
        {
          labels,
          params: { ...bounds },
        },
      );
      const { shared, orphans } = { shared: Number(counts!.shared), orphans: Number(counts!.orphans) };
      if (overwritten.some(({ older }) => older.row_count === null)) {
        return orphans === 0
          ? { removed: 0, kept: undefined }
          : { removed: 0, kept: 'the ledger does not say how many rows the older content had' };
      }
      const had = overwritten.reduce((sum, { older }) => sum + older.row_count!, 0);
      // Where a crash came after the statement, nothing is left to be removed.
      if (orphans === 0 || orphans <= had - shared) return { removed: orphans, kept: undefined };
      return {
        removed: 0,
        kept: `${orphans} rows of the hour are in no file of the folder, and the older content had at most ${Math.max(0, had - shared)} of them`,
      };
    }
  } finally {
    for (const table of [newer, others]) {
      // What is left behind expires; an error here would hide the work's own.
      await warehouse.query(`DROP TABLE IF EXISTS ops.${table}`, { labels }).catch(() => undefined);
    }
  }
}

interface Hour {
  readonly from: string;
  readonly to: string;
}

/** What a TIMESTAMP can hold. */
const FIRST = '0001-01-01T00:00:00.000Z';
const LAST = '9999-12-31T23:59:59.999Z';

function hourOf(folder: string): Hour | undefined {
  const [, date, hour] = FOLDER.exec(folder) ?? [];
  const start = Date.parse(`${date}T${hour}:00:00.000Z`);
  if (Number.isNaN(start)) return undefined;
  return { from: new Date(start).toISOString(), to: new Date(start + HOUR_MS).toISOString() };
}

/** The hour bounds what is read to one partition. */
const OF_THE_HOUR = '_event_time >= TIMESTAMP(@from) AND _event_time < TIMESTAMP(@to)';

function orphansOf(newer: string, others: string): string {
  return `${OF_THE_HOUR}
    AND _event_id NOT IN (SELECT _event_id FROM ops.${newer} WHERE _event_id IS NOT NULL)
    AND _event_id NOT IN (SELECT _event_id FROM ops.${others} WHERE _event_id IS NOT NULL)`;
}

function countStatement(stream: string, newer: string, others: string): string {
  return `
SELECT
  (
    SELECT COUNT(*) FROM staging.${stream}
    WHERE ${OF_THE_HOUR} AND _event_id IN (SELECT _event_id FROM ops.${newer})
  ) AS shared,
  (
    SELECT COUNT(*) FROM staging.${stream}
    WHERE ${orphansOf(newer, others)}
  ) AS orphans`;
}

function mergeStatement(stream: string, columns: readonly string[], newer: string, others: string, removes: boolean) {
  const list = columns.join(', ');
  const updated = columns.filter((column) => column !== '_event_id');
  const orphans = `
  UNION ALL
  SELECT ${list}, TRUE AS _leaves FROM staging.${stream}
  WHERE ${orphansOf(newer, others)}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY _event_id ORDER BY _ingested_at) = 1`;
  return `
MERGE staging.${stream} AS stored
USING (
  SELECT ${list}, FALSE AS _leaves FROM ops.${newer}
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY _event_id ORDER BY _ingested_at) = 1${removes ? orphans : ''}
) AS newer
ON stored._event_id = newer._event_id AND stored._event_time >= TIMESTAMP(@from) AND stored._event_time < TIMESTAMP(@to)
WHEN MATCHED AND newer._leaves THEN DELETE
WHEN MATCHED THEN UPDATE SET ${updated.map((column) => `${column} = newer.${column}`).join(', ')}
WHEN NOT MATCHED THEN INSERT (${list}) VALUES (${columns.map((column) => `newer.${column}`).join(', ')})`;
}
