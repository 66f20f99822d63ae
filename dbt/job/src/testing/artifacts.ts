import type { DbtArtifacts } from '../artifacts.ts';

/** A small project: two streams, a view of each, and three feature tables, with a test of a view and one of a table. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  'model.tributary.unified_orders': ['source.tributary.staging.orders'],
  'model.tributary.unified_clicks': ['source.tributary.staging.user_events'],
  'model.tributary.customer_features': ['model.tributary.unified_orders'],
  'model.tributary.product_features': ['model.tributary.unified_orders'],
  'model.tributary.customer_activity': ['model.tributary.unified_clicks'],
  'test.tributary.unique_customer_features.2a': ['model.tributary.customer_features'],
  'test.tributary.not_null_unified_clicks.3b': ['model.tributary.unified_clicks'],
};
const SOURCES = ['orders', 'user_events'];

export const MARTS = ['customer_activity', 'customer_features', 'product_features'];

/** Of one node in run_results.json. */
export interface Said {
  readonly status?: string;
  readonly message?: string;
  readonly rows?: number;
  readonly bytes?: number;
  readonly jobId?: string;
}

/** What dbt writes of a run in which it said this of each node, by the end of its unique id. */
export function artifacts(said: Readonly<Record<string, Said>>): DbtArtifacts {
  return { runResults: runResults(said), manifest: manifest() };
}

function runResults(said: Readonly<Record<string, Said>>): string {
  const results = Object.entries(said).map(([name, { status = 'success', message = '', rows, bytes, jobId }]) => ({
    unique_id: Object.keys(PARENTS).find((node) => node.split('.')[2] === name),
    status,
    message,
    execution_time: 1.5,
    timing: [
      { name: 'execute', started_at: '2026-11-21T12:00:00.000000Z', completed_at: '2026-11-21T12:00:01.500000Z' },
    ],
    adapter_response: { rows_affected: rows, bytes_billed: bytes, job_id: jobId },
  }));
  return JSON.stringify({ metadata: { dbt_version: '1.11.16' }, results });
}

function manifest(): string {
  const table = (name: string) => ({
    name,
    schema: name.endsWith('features') || name.endsWith('activity') ? 'marts' : 'staging',
    database: 'project-1',
    description: `What ${name} is.\n`,
    columns: { id: { name: 'id', data_type: 'INT64', description: 'The key.' } },
  });
  return JSON.stringify({
    nodes: Object.fromEntries(
      Object.entries(PARENTS).map(([node, nodes]) => {
        const [resource_type, , name] = node.split('.');
        return [node, { ...table(name!), resource_type, depends_on: { nodes } }];
      }),
    ),
    sources: Object.fromEntries(SOURCES.map((name) => [`source.tributary.staging.${name}`, table(name)])),
  });
}
