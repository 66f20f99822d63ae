import type { BigQuery, Table } from '@google-cloud/bigquery';
import { UserError } from '../errors/index.ts';
import { retried } from './errors.ts';
import { type Column, DATASETS, type TableDeclaration } from './tables.ts';

/** The API answers with the older names of some types. https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema.FIELDS.type */
const SAME_TYPE: Readonly<Record<string, string>> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' };

/**
 * Creates the datasets and tables that are missing and adds the columns that are missing from existing tables; nothing else is changed but how long
 * partitions are kept, and nothing is removed here. May
 * be repeated, and run by several at once.
 *
 * @throws {UserError} WAREHOUSE_SCHEMA_CONFLICT where a column exists with another type.
 */
export async function migrate(
  bigquery: BigQuery,
  location: string,
  declarations: readonly TableDeclaration[],
): Promise<void> {
  for (const [dataset, description] of Object.entries(DATASETS)) {
    await createUnlessThere(`create dataset ${dataset}`, () =>
      bigquery.createDataset(dataset, { location, description }),
    );
  }
  await Promise.all(declarations.map((declaration) => migrateTable(bigquery, declaration)));
}

/** The same for one table, whose dataset exists. */
export async function migrateTable(bigquery: BigQuery, declaration: TableDeclaration): Promise<void> {
  const table = bigquery.dataset(declaration.dataset).table(declaration.table);
  const created = await createUnlessThere(`create table ${nameOf(declaration)}`, () =>
    table.create({
      description: declaration.description,
      schema: { fields: [...declaration.columns] },
      timePartitioning: partitioningOf(declaration),
      ...(declaration.requirePartitionFilter ? { requirePartitionFilter: true } : {}),
      clustering: { fields: [...declaration.clusterBy] },
    }),
  );
  if (created) return;
  await addMissingColumns(table, declaration);
  await keepAsLongAsSaid(table, declaration);
}

const MILLISECONDS_PER_DAY = 86_400_000;

function partitioningOf({ partitionBy, partitionExpirationDays }: TableDeclaration) {
  return {
    type: 'DAY',
    field: partitionBy,
    // BigQuery answers int64 as text.
    ...(partitionExpirationDays ? { expirationMs: String(partitionExpirationDays * MILLISECONDS_PER_DAY) } : {}),
  };
}

/** What a contract says of its partitions today takes the place of what it said before. */
async function keepAsLongAsSaid(table: Table, declaration: TableDeclaration): Promise<void> {
  const said = partitioningOf(declaration);
  await retried(`set how long ${nameOf(declaration)} is kept`, async () => {
    const [metadata] = await table.getMetadata();
    const has = metadata.timePartitioning?.expirationMs ?? undefined;
    if (has === said.expirationMs) return;
    // Null takes an expiration away; the client's type does not know it.
    const expirationMs = (said.expirationMs ?? null) as string;
    await table.setMetadata({ timePartitioning: { ...said, expirationMs } });
  });
}

/** How often the columns are looked at again after a change of them failed. */
const MAX_ATTEMPTS = 5;

async function addMissingColumns(table: Table, declaration: TableDeclaration): Promise<void> {
  await retried(`add columns to ${nameOf(declaration)}`, async () => {
    for (let attempt = 1; ; attempt += 1) {
      const [metadata] = await table.getMetadata();
      const present: Column[] = metadata.schema?.fields ?? [];
      const missing = missingColumns(declaration, present);
      if (missing.length === 0) return;
      try {
        await table.setMetadata({ schema: { fields: [...present, ...missing] } });
        return;
      } catch (error) {
        // Another migration changed the table in between; what it left to do is seen by looking again.
        if (attempt === MAX_ATTEMPTS) throw error;
      }
    }
  });
}

function missingColumns(declaration: TableDeclaration, present: readonly Column[]): Column[] {
  return declaration.columns.filter((column) => {
    const existing = present.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
    if (existing && typeOf(existing) !== typeOf(column)) throw conflict(declaration, column, existing);
    return !existing;
  });
}

function typeOf(column: Column): string {
  const type = column.type.toUpperCase();
  return SAME_TYPE[type] ?? type;
}

function conflict(declaration: TableDeclaration, column: Column, existing: Column): UserError {
  return new UserError(
    'WAREHOUSE_SCHEMA_CONFLICT',
    `${nameOf(declaration)}.${column.name} is ${typeOf(existing)} but its contract says ${typeOf(column)}. Give the field a new name in the contract, or migrate the table by hand.`,
  );
}

function nameOf({ dataset, table }: TableDeclaration): string {
  return `${dataset}.${table}`;
}

/** Whether this call created it; false where it was there, or another one was quicker. */
async function createUnlessThere(action: string, create: () => Promise<unknown>): Promise<boolean> {
  return retried(action, async () => {
    try {
      await create();
      return true;
    } catch (error) {
      if ((error as { code?: number }).code === 409) return false;
      throw error;
    }
  });
}
