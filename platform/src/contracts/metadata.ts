import { type CompiledContract, carriedFields, type FieldType } from './contract.ts';

/** The columns that `processed/` files and `staging` tables have before the contract's fields. docs/interfaces.md#lake */
export const METADATA_COLUMNS: readonly {
  readonly name: string;
  readonly type: FieldType;
  readonly description: string;
}[] = [
  { name: '_event_id', type: 'STRING', description: 'Names the change or batch row for ever; a replay has the same.' },
  { name: '_op', type: 'STRING', description: 'c create, u update, d delete, r snapshot read, t truncate.' },
  { name: '_lsn', type: 'INT64', description: 'Source position; null for a batch row.' },
  { name: '_tx', type: 'INT64', description: 'Source transaction; null for a batch row.' },
  { name: '_source_time', type: 'TIMESTAMP', description: "Commit time; of a batch row, its object's time." },
  { name: '_event_time', type: 'TIMESTAMP', description: "The contract's event time, else the commit time." },
  { name: '_ingested_at', type: 'TIMESTAMP', description: 'When the bridge took it.' },
  { name: '_contract_version', type: 'STRING', description: 'Version of the contract it was checked against.' },
  { name: '_origin', type: 'STRING', description: 'stream or batch.' },
  { name: '_batch_uri', type: 'STRING', description: 'File of a batch row.' },
  { name: '_batch_generation', type: 'INT64', description: "Generation of a batch row's file." },
  { name: '_batch_line', type: 'INT64', description: 'Line of a batch row in its file.' },
  {
    name: '_absent',
    type: 'STRING',
    description: 'Fields that did not change and were not sent, separated by commas: keep the old values.',
  },
];

/** A column of `staging.<stream>`, as BigQuery's API has it. */
export interface StagingColumn {
  readonly name: string;
  readonly type: FieldType;
  readonly mode: 'NULLABLE';
  readonly description: string;
}

/** The columns of `staging.<stream>`. Every one is NULLABLE: a delete has only what its `before` had. */
export function stagingColumns(contract: CompiledContract): readonly StagingColumn[] {
  return [...METADATA_COLUMNS, ...carriedFields(contract)].map(({ name, type, description }) => ({
    name,
    type,
    mode: 'NULLABLE',
    description,
  }));
}
