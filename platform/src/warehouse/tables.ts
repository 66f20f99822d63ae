import { type CompiledContract, type Contracts, stagingColumns } from '../contracts/index.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly description?: string;
}

export interface TableDeclaration {
  readonly dataset: string;
  readonly table: string;
  readonly description: string;
  readonly columns: readonly Column[];
  /** Day partitions of this TIMESTAMP column. */
  readonly partitionBy: string;
  /** A partition is removed so many days after its own; kept for ever where left out. */
  readonly partitionExpirationDays?: number;
  /** BigQuery refuses queries that do not say which partitions they want. Not of what an erasure looks through: it looks at all of it. */
  readonly requirePartitionFilter?: true;
  readonly clusterBy: readonly string[];
}

/** docs/interfaces.md#warehouse */
export const DATASETS: Readonly<Record<string, string>> = {
  staging: 'What change capture and batch files brought, append only, and the views dbt makes of it',
  marts: 'Feature tables, made by dbt',
  ops: 'The ledger of loads, runs and quality results',
};

/** https://cloud.google.com/bigquery/docs/clustered-tables#limitations */
const MAX_CLUSTERING_COLUMNS = 4;

const string = (name: string, description: string): Column => ({ name, type: 'STRING', description });
const timestamp = (name: string, description: string): Column => ({ name, type: 'TIMESTAMP', description });
const integer = (name: string, description: string): Column => ({ name, type: 'INT64', description });

const OPS: readonly TableDeclaration[] = [
  {
    dataset: 'ops',
    table: 'loads',
    description: 'One row per object that was loaded into staging',
    columns: [
      string('object_id', 'SHA-256 hex of bucket/name#generation'),
      string('stream', 'Stream the object belongs to'),
      string('bucket', 'Bucket of the object'),
      string('name', 'Name of the object'),
      integer('generation', 'Generation of the object'),
      string('job_id', 'Load job that took it'),
      string('manifest', 'Manifest of the group commit that job belongs to'),
      integer('row_count', 'Rows of the object'),
      integer('byte_count', 'Size of the object in bytes'),
      timestamp('loaded_at', 'When the job ended'),
    ],
    partitionBy: 'loaded_at',
    clusterBy: ['stream', 'object_id'],
  },
  {
    dataset: 'ops',
    table: 'events',
    description: 'Every chain event: the audit trail and the source of metrics',
    columns: [
      string('event_id', 'Id of the chain event; a repetition has the same'),
      string('type', 'What happened'),
      string('run_id', 'Run it belongs to'),
      string('cause', 'Event that led to it'),
      string('status', 'ok or failed'),
      string('streams', 'Streams concerned, a JSON array'),
      timestamp('time', 'When it happened'),
      string('payload', 'The whole event, JSON'),
    ],
    partitionBy: 'time',
    clusterBy: ['type', 'run_id'],
  },
  {
    dataset: 'ops',
    table: 'dbt_results',
    description: 'One row per model or test of dbt and attempt at a run',
    columns: [
      string('result_id', 'Names the row: of manifest, attempt and node'),
      string('run_id', 'Run it belongs to'),
      string('manifest', 'Manifest of the group commit the attempt ends'),
      integer('attempt', 'Which attempt at it'),
      string('node', 'Unique id of dbt'),
      string('type', 'model or test'),
      string('status', 'What dbt said'),
      string('code', 'Why it failed; null where it did not'),
      integer('row_count', 'Rows written'),
      integer('bytes_billed', 'Bytes billed'),
      integer('duration_ms', 'How long it took'),
      string('job_id', 'BigQuery job, whose own record has the whole error'),
      timestamp('recorded_at', 'When it was recorded'),
    ],
    partitionBy: 'recorded_at',
    requirePartitionFilter: true,
    clusterBy: ['node', 'run_id'],
  },
  {
    dataset: 'ops',
    table: 'erasures',
    description: 'That somebody was erased, and when; not who',
    columns: [
      string('erasure_id', 'Keyed hash of whom it was: the same person has the same'),
      string('subject', 'What contracts call whom, such as customer'),
      timestamp('requested_at', 'When it was asked for first'),
      timestamp('finished_at', 'When it was done and proved; null while it runs, or after it failed'),
      string('counts', 'What was removed, by place, a JSON object'),
      string('status', 'running or done'),
    ],
    partitionBy: 'requested_at',
    clusterBy: ['erasure_id'],
  },
  {
    dataset: 'ops',
    table: 'quality_results',
    description: 'One row per expectation and run',
    columns: [
      string('result_id', 'Names the row: of manifest, attempt, gate, asset and expectation'),
      string('run_id', 'Run that checked'),
      string('gate', 'landing, staging or features'),
      string('asset', 'Object or table that was checked'),
      string('expectation', 'What was expected'),
      { name: 'success', type: 'BOOL', description: 'Whether it held' },
      string('detail', 'What was seen, JSON'),
      timestamp('checked_at', 'When it was checked'),
    ],
    partitionBy: 'checked_at',
    clusterBy: ['gate', 'asset'],
  },
  {
    dataset: 'ops',
    table: 'costs',
    description: 'One row per BigQuery job of the platform; the same row may be there twice, so count each job_id once',
    columns: [
      string('job_id', 'Id of the job'),
      string('day', "Day of BigQuery's quotas, midnight to midnight Pacific Time, YYYY-MM-DD"),
      string('stage', 'Part of the platform that ran it'),
      string('run_id', 'Run it belongs to, where it belongs to one'),
      string('stream', 'Stream it belongs to, where it belongs to one'),
      string('kind', 'QUERY, LOAD, COPY or EXTRACT'),
      integer('bytes_billed', 'Bytes billed; loads and copies are free'),
      timestamp('created_at', 'When it was created'),
      timestamp('ended_at', 'When it ended'),
    ],
    partitionBy: 'created_at',
    requirePartitionFilter: true,
    clusterBy: ['stage', 'run_id'],
  },
];

/** The table of `ops` that has this name. */
export function opsTable(name: string): TableDeclaration | undefined {
  return OPS.find(({ table }) => table === name);
}

/** Every table that exists before dbt runs: `staging.<stream>` of each contract and `ops`. */
export function declaredTables(contracts: Contracts): TableDeclaration[] {
  return [...[...contracts.values()].map(stagingTable), ...OPS];
}

/** `staging.<stream>` of a contract. */
export function stagingTable(contract: CompiledContract): TableDeclaration {
  return {
    dataset: 'staging',
    table: contract.stream,
    description: `Change log of ${contract.stream}, append only`,
    columns: stagingColumns(contract),
    partitionBy: '_event_time',
    ...(contract.retentionDays?.staging ? { partitionExpirationDays: contract.retentionDays.staging } : {}),
    clusterBy: contract.primaryKey.slice(0, MAX_CLUSTERING_COLUMNS),
  };
}

/**
 * What follows the name of a table in a query for all of it: a condition on every partition where BigQuery refuses queries without one, else nothing.
 *
 * @param table such as `ops.costs`
 */
export function everyPartition(table: string): string {
  const declared = OPS.find((it) => `${it.dataset}.${it.table}` === table);
  return declared?.requirePartitionFilter ? ` WHERE ${declared.partitionBy} >= TIMESTAMP '1970-01-01 00:00:00+00'` : '';
}
