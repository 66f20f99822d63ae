import { digestId } from '../events/index.ts';

/** Who says it. */
const PRODUCER = 'https://tributary.dev';
/** https://openlineage.io/spec/2-0-2/OpenLineage.json */
const RUN_EVENT = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';
/** Where the jobs of a lake live. https://openlineage.io/docs/spec/naming#job-naming */
const JOB_NAMESPACE = 'tributary';

/** The published schemas of the facets we use. https://openlineage.io/docs/spec/facets */
const FACETS = {
  parent: 'https://openlineage.io/spec/facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet',
  errorMessage: 'https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet',
  jobType: 'https://openlineage.io/spec/facets/2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet',
  documentation:
    'https://openlineage.io/spec/facets/1-1-0/DocumentationDatasetFacet.json#/$defs/DocumentationDatasetFacet',
  schema: 'https://openlineage.io/spec/facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet',
  dataSource: 'https://openlineage.io/spec/facets/1-0-1/DatasourceDatasetFacet.json#/$defs/DatasourceDatasetFacet',
  dataQualityAssertions:
    'https://openlineage.io/spec/facets/1-1-0/DataQualityAssertionsDatasetFacet.json#/$defs/DataQualityAssertionsDatasetFacet',
  outputStatistics:
    'https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet',
} as const;

export type Facet = Readonly<Record<string, unknown>>;

/** A table, or what else holds rows. https://openlineage.io/docs/spec/naming#dataset-naming */
export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly description?: string;
  readonly columns?: readonly { readonly name: string; readonly type?: string | null; readonly description?: string }[];
  /** Of an output: what the run wrote. */
  readonly rows?: number | null;
  /** Of an input: what was asked of it, and whether it held. */
  readonly assertions?: readonly { readonly assertion: string; readonly success: boolean; readonly column?: string }[];
}

/** One run of one job, as it ended. */
export interface JobRun {
  /** `transform.customer_features`; the same for every run. */
  readonly job: string;
  /** What is done there: `dbt`, `feast`. */
  readonly integration: string;
  /** `MODEL`, `TEST`, `JOB`. */
  readonly jobType: string;
  /** Names the run for ever: the same parts give the same id, so a run told twice is one. */
  readonly identity: readonly string[];
  /** The run that this one is a part of. */
  readonly parent?: { readonly job: string; readonly identity: readonly string[] };
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
  /** A run with an error failed. No value of a row. */
  readonly error?: { readonly code: string; readonly message: string } | null;
}

export type LineageEvent = Readonly<Record<string, unknown>>;

/** A table of BigQuery. */
export function tableDataset(
  project: string,
  dataset: string,
  table: string,
  more: Omit<Dataset, 'namespace' | 'name'> = {},
): Dataset {
  return { namespace: 'bigquery', name: `${project}.${dataset}.${table}`, ...more };
}

/** The START and the COMPLETE or FAIL event of a run. */
export function lineageEvents(run: JobRun): LineageEvent[] {
  const { startedAt, endedAt, error } = run;
  const common = { producer: PRODUCER, schemaURL: RUN_EVENT, job: jobOf(run) };
  const failure = error
    ? {
        errorMessage: facet('errorMessage', { message: `${error.code}: ${error.message}`, programmingLanguage: 'SQL' }),
      }
    : {};
  return [
    { eventType: 'START', eventTime: startedAt.toISOString(), run: runOf(run, {}), inputs: [], outputs: [], ...common },
    {
      eventType: error ? 'FAIL' : 'COMPLETE',
      eventTime: endedAt.toISOString(),
      run: runOf(run, failure),
      inputs: run.inputs.map((it) => datasetOf(it, 'inputFacets')),
      outputs: run.outputs.map((it) => datasetOf(it, 'outputFacets')),
      ...common,
    },
  ];
}

/** A UUID (version 8, of our own making) that is the same for the same parts. https://www.rfc-editor.org/rfc/rfc9562#section-5.8 */
export function lineageRunId(identity: readonly string[]): string {
  const hex = digestId(['openlineage', ...identity]);
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20)].join(
    '-',
  );
}

function facet(name: keyof typeof FACETS, members: object): Facet {
  return { _producer: PRODUCER, _schemaURL: FACETS[name], ...members };
}

function jobOf({ job, integration, jobType }: JobRun): object {
  return {
    namespace: JOB_NAMESPACE,
    name: job,
    facets: { jobType: facet('jobType', { processingType: 'BATCH', integration: integration.toUpperCase(), jobType }) },
  };
}

function runOf({ identity, parent }: JobRun, facets: object): object {
  const above = parent && {
    parent: facet('parent', {
      run: { runId: lineageRunId(parent.identity) },
      job: { namespace: JOB_NAMESPACE, name: parent.job },
    }),
  };
  return { runId: lineageRunId(identity), facets: { ...above, ...facets } };
}

function datasetOf(dataset: Dataset, own: 'inputFacets' | 'outputFacets'): object {
  const { namespace, name, description, columns, rows, assertions } = dataset;
  const inputFacets = assertions?.length
    ? { dataQualityAssertions: facet('dataQualityAssertions', { assertions }) }
    : {};
  const outputFacets =
    typeof rows === 'number' ? { outputStatistics: facet('outputStatistics', { rowCount: rows }) } : {};
  return {
    namespace,
    name,
    facets: {
      dataSource: facet('dataSource', { name: namespace, uri: `${namespace}:${name}` }),
      ...(description ? { documentation: facet('documentation', { description }) } : {}),
      ...(columns?.length
        ? {
            schema: facet('schema', {
              fields: columns.map((it) => ({
                name: it.name,
                ...(it.type ? { type: it.type } : {}),
                ...(it.description ? { description: it.description } : {}),
              })),
            }),
          }
        : {}),
    },
    [own]: own === 'inputFacets' ? inputFacets : outputFacets,
  };
}
