import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A relation that dbt keeps: dataset and name. */
export interface Relation {
  readonly dataset: string;
  readonly name: string;
}

/** The dbt project at hand. */
export interface DbtProject {
  readonly folder: string;
  /** Changes with any file that a model is made from. A BigQuery label value: at most 63 of [a-z0-9_-]. */
  readonly definition: string;
  /** Feature tables, by name. */
  readonly marts: readonly string[];
  readonly relations: readonly Relation[];
}

/** https://cloud.google.com/bigquery/docs/labels-intro#requirements: a value has at most 63 characters. */
const DEFINITION_HEX_DIGITS = 32;

/** Folders of models and the dataset each goes to, as dbt_project.yml says. */
const DATASETS = ['staging', 'marts'] as const;

const FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** Reads the project that this job is shipped with. */
export function readProject(folder: string = FOLDER): DbtProject {
  const relations = DATASETS.flatMap((dataset) =>
    files(join(folder, 'models', dataset))
      .filter((file) => file.endsWith('.sql'))
      .map((file) => ({ dataset, name: basename(file, '.sql') })),
  );
  return {
    folder,
    definition: definitionOf(folder),
    marts: relations.filter(({ dataset }) => dataset === 'marts').map(({ name }) => name),
    relations,
  };
}

function definitionOf(folder: string): string {
  const hash = createHash('sha256');
  const sources = [join(folder, 'dbt_project.yml'), ...files(join(folder, 'macros')), ...files(join(folder, 'models'))];
  for (const file of sources)
    hash
      .update(`${relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex').slice(0, DEFINITION_HEX_DIGITS);
}

/** All files below a folder, in a fixed order. */
function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
