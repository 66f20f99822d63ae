import type { Warehouse } from '@tributary/platform/warehouse';
import type { DbtProject, Relation } from './project.ts';

/**
 * What dbt is to build. `all`: everything. `changed`: the tables that the streams feed, for the views between are as they should be; and by name what failed before, with
 * what that kept back.
 */
export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'changed'; readonly streams: readonly string[]; readonly again: readonly string[] };

/**
 * Everything, where a relation is missing or was made from another version of the project; else only what the streams feed.
 *
 * Views hold no data, so making them again is needed only when their definition changes. Each relation is labelled with the definition it was made
 * from, so the warehouse itself says what is current, whatever became of the machine that built it.
 *
 * @param again names of models and tests to run whichever streams changed
 */
export async function select(
  project: DbtProject,
  streams: readonly string[],
  again: readonly string[],
  warehouse: Pick<Warehouse, 'query'>,
): Promise<Selection> {
  if (streams.length === 0) return { kind: 'all' };
  const current = new Set((await currentRelations(project, warehouse)).map(nameOf));
  return project.relations.every((relation) => current.has(nameOf(relation)))
    ? { kind: 'changed', streams, again }
    : { kind: 'all' };
}

function currentRelations(project: DbtProject, warehouse: Pick<Warehouse, 'query'>): Promise<Relation[]> {
  const datasets = [...new Set(project.relations.map(({ dataset }) => dataset))];
  const labels = datasets.map(
    (dataset) =>
      `select table_schema as dataset, table_name as name from ${dataset}.INFORMATION_SCHEMA.TABLE_OPTIONS ` +
      `where table_schema = '${dataset}' and option_name = 'labels' and strpos(option_value, @label) > 0`,
  );
  // As BigQuery renders a label: STRUCT("definition", "<hex>").
  const label = `"definition", "${project.definition}"`;
  return warehouse.query<{ dataset: string; name: string }>(labels.join(' union all '), {
    params: { label },
    labels: { stage: 'transform' },
  });
}

function nameOf({ dataset, name }: Relation): string {
  return `${dataset}.${name}`;
}

/** The selection as arguments of `dbt build`. */
export function selectionArgs(selection: Selection): string[] {
  if (selection.kind === 'all') return [];
  const fed = selection.streams.map((stream) => `source:staging.${stream}+,config.materialized:table`);
  return ['--select', ...fed, ...selection.again];
}
