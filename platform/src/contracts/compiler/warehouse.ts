import { stringify } from 'yaml';
import { type CompiledContract, carriedFields } from '../contract.ts';
import { METADATA_COLUMNS } from '../metadata.ts';

/** dbt's sources, with the freshness each contract promises; a source older than that is an error of `dbt source freshness`. */
export function dbtSourcesOf(contracts: readonly CompiledContract[]): string {
  const document = {
    version: 2,
    sources: [
      {
        name: 'staging',
        description: 'Append-only change log per stream: everything the change capture and batch files brought.',
        database: '{{ target.project }}',
        schema: 'staging',
        tables: contracts.map((contract) => ({
          name: contract.stream,
          description: contract.description,
          config: {
            loaded_at_field: '_ingested_at',
            // dbt knows no seconds.
            freshness: { error_after: { count: Math.ceil(contract.freshnessSeconds / 60), period: 'minute' } },
          },
          columns: [
            ...METADATA_COLUMNS.map(({ name, type, description }) => ({ name, data_type: type, description })),
            ...carriedFields(contract).map(({ name, type, description, pii }) => ({
              name,
              data_type: type,
              description,
              ...(pii === 'none' ? {} : { config: { meta: { pii } } }),
            })),
          ],
        })),
      },
    ],
  };
  return `# Generated from contracts/*.odcs.yaml by \`npm run contracts\`; change those.\n${stringify(document, { lineWidth: 0 })}`;
}
