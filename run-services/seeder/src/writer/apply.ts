import { TributaryError } from '@tributary/platform/errors';
import type pg from 'pg';
import type { Operation } from '../operation.ts';
import type { Reject } from '../rejects.ts';
import { type Database, isDataError } from './database.ts';
import { planBatch } from './plan.ts';
import { codeOf } from './retry.ts';
import { statementOf } from './statements.ts';

/** What a batch changed. Lines that went with their order are not counted. */
export interface Applied {
  inserted: number;
  updated: number;
  deleted: number;
  /** Operations of the batch that the database did not take. */
  readonly refused: Reject[];
}

/** What the database knows of a source. */
export interface Progress {
  readonly operationsApplied: number;
  readonly refused: readonly Reject[];
  readonly finished: boolean;
}

const nothing = (): Applied => ({ inserted: 0, updated: 0, deleted: 0, refused: [] });

/** How far a source has been applied, or null where this database has not met it. */
export async function readProgress(database: Database, fingerprint: string): Promise<Progress | null> {
  const { rows } = await database.run((client) =>
    client.query<{ operations_applied: string; refused: Reject[]; finished_at: Date | null }>(
      'SELECT operations_applied, refused, finished_at FROM shop.seed_runs WHERE fingerprint = $1',
      [fingerprint],
    ),
  );
  const row = rows[0];
  return row
    ? { operationsApplied: Number(row.operations_applied), refused: row.refused, finished: row.finished_at !== null }
    : null;
}

/** Records a source that this database has not met, and returns how far it has been applied. */
export async function beginRun(database: Database, fingerprint: string, format: string): Promise<Progress> {
  const known = await readProgress(database, fingerprint);
  if (known) return known;
  await database.run((client) =>
    client.query('INSERT INTO shop.seed_runs (fingerprint, format) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      fingerprint,
      format,
    ]),
  );
  return { operationsApplied: 0, refused: [], finished: false };
}

export async function finishRun(database: Database, fingerprint: string): Promise<void> {
  await database.run((client) =>
    client.query('UPDATE shop.seed_runs SET finished_at = now() WHERE fingerprint = $1 AND finished_at IS NULL', [
      fingerprint,
    ]),
  );
}

/**
 * Applies the operations that follow the first `position` of a source, in one transaction with the progress it records.
 *
 * The progress row is locked and read first. So a batch whose COMMIT succeeded but whose answer was lost is not applied twice, and two seeders of one source
 * take turns instead of doubling the work: what the other one did is skipped.
 *
 * @throws {TributaryError} SEED_PROGRESS_LOST when the database has gone back behind `position`.
 */
export async function applyBatch(
  database: Database,
  fingerprint: string,
  position: number,
  operations: readonly Operation[],
): Promise<Applied> {
  let attempted = nothing();
  return database.transaction(async (client) => {
    const done = (await lockProgress(client, fingerprint, position)) - position;
    // Ours if an earlier attempt got as far as COMMIT, and another seeder's otherwise.
    if (done >= operations.length) return attempted;
    attempted = nothing();
    let applied = nothing();
    const rest = operations.slice(done);
    await client.query('SAVEPOINT batch');
    try {
      for (const group of planBatch(rest)) count(applied, group.op, await execute(client, group));
    } catch (error) {
      if (!isDataError(error)) throw error;
      await client.query('ROLLBACK TO SAVEPOINT batch');
      applied = await applyOneByOne(client, rest);
    }
    await client.query(
      `UPDATE shop.seed_runs SET operations_applied = $2, updated_at = now(),
         refused = CASE WHEN $3::jsonb = '[]' THEN refused ELSE refused || $3::jsonb END
       WHERE fingerprint = $1`,
      [fingerprint, position + operations.length, JSON.stringify(applied.refused)],
    );
    attempted = applied;
    return applied;
  });
}

async function lockProgress(client: pg.Client, fingerprint: string, position: number): Promise<number> {
  const { rows } = await client.query<{ operations_applied: string }>(
    'SELECT operations_applied FROM shop.seed_runs WHERE fingerprint = $1 FOR UPDATE',
    [fingerprint],
  );
  const recorded = rows[0] ? Number(rows[0].operations_applied) : -1;
  if (recorded < position) {
    throw new TributaryError(
      'SEED_PROGRESS_LOST',
      'user',
      `The database has gone back to operation ${Math.max(recorded, 0)} of this source while operation ${position} was due. It was reset or restored meanwhile: start the run again.`,
    );
  }
  return recorded;
}

/** Finds the operations that the database refuses: each is tried on its own, and the others take effect in order. */
async function applyOneByOne(client: pg.Client, operations: readonly Operation[]): Promise<Applied> {
  const applied = nothing();
  for (const operation of operations) {
    await client.query('SAVEPOINT operation');
    try {
      for (const group of planBatch([operation])) count(applied, group.op, await execute(client, group));
      await client.query('RELEASE SAVEPOINT operation');
    } catch (error) {
      if (!isDataError(error)) throw error;
      await client.query('ROLLBACK TO SAVEPOINT operation');
      // The constraint and the SQLSTATE, not the message: that one repeats the values.
      const { constraint } = error as { constraint?: string };
      const detail = `${operation.table}: SQLSTATE ${codeOf(error)}${constraint ? `, ${constraint}` : ''}`;
      applied.refused.push({ ...operation.origin, reason: 'REFUSED_BY_DATABASE', detail });
    }
  }
  return applied;
}

async function execute(client: pg.Client, group: Parameters<typeof statementOf>[0]): Promise<number> {
  return (await client.query(statementOf(group))).rowCount ?? 0;
}

const COUNTERS = { insert: 'inserted', update: 'updated', delete: 'deleted' } as const;

function count(applied: Applied, op: Operation['op'], rows: number): void {
  applied[COUNTERS[op]] += rows;
}
