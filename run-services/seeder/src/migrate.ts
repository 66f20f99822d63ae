import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { PostgresConfig } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import type pg from 'pg';
import { Database, type RetryListener } from './writer/database.ts';

export const MIGRATIONS = new URL('../migrations/', import.meta.url);

/** Any number, the same for all: two runners take turns. */
const ADVISORY_LOCK = 7_418_530_101;
const FILE_NAME = /^(\d{3})_[a-z0-9_]+\.sql$/;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

export interface MigrationReport {
  /** Names of the files applied now, in order; empty when the database was up to date. */
  readonly applied: readonly string[];
}

/**
 * Brings the database's `shop` schema to the newest migration. All in one transaction under an advisory lock: it happens wholly or not at all, once, however many
 * runners there are. Running it again does nothing.
 *
 * @throws {UserError} MIGRATION_CHANGED when a file that was applied has other content now.
 * @throws {TransientError} DATABASE_UNAVAILABLE when Postgres does not answer for two minutes.
 */
export async function migrate(
  postgres: PostgresConfig,
  options: { folder?: URL; signal?: AbortSignal | undefined; onRetry?: RetryListener | undefined } = {},
): Promise<MigrationReport> {
  const migrations = await readMigrations(options.folder ?? MIGRATIONS);
  await using database = new Database(postgres, options);
  // Awaited here: the database is closed as soon as this function returns.
  return await database.transaction(async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    const done = await readApplied(client);
    const applied: string[] = [];
    for (const { version, name, sql, checksum } of migrations) {
      const before = done.get(version);
      if (before === checksum) continue;
      if (before !== undefined) {
        throw new UserError(
          'MIGRATION_CHANGED',
          `Migration ${name} was applied to this database with other content. Restore the file and put the change into a new migration.`,
        );
      }
      await client.query(sql);
      await client.query('INSERT INTO shop.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)', [
        version,
        name,
        checksum,
      ]);
      applied.push(name);
    }
    return { applied };
  });
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { version: Number(FILE_NAME.exec(name)![1]), name, sql, checksum };
    }),
  );
}

async function readApplied(client: pg.Client): Promise<ReadonlyMap<number, string>> {
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS shop;
    CREATE TABLE IF NOT EXISTS shop.schema_migrations (
      version int PRIMARY KEY,
      name text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  const { rows } = await client.query<{ version: number; checksum: string }>(
    'SELECT version, checksum FROM shop.schema_migrations',
  );
  return new Map(rows.map(({ version, checksum }) => [version, checksum]));
}
