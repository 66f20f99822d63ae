import type { Target } from './options.ts';
import { readServices } from './run-state.ts';
import type { Tools } from './tools.ts';

/**
 * Sends all requests to the newest revision, where a rollback, or a person, sent them to another: Cloud Run keeps such a split for all later revisions,
 * and a function's is not Terraform's to change. https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
 */
export async function followLatest(tools: Tools, target: Target, ours: ReadonlySet<string>): Promise<void> {
  for (const { name, followsLatest } of await readServices(tools, target, ours)) {
    if (followsLatest) continue;
    await tools.change({
      command: 'gcloud',
      args: [
        ...['run', 'services', 'update-traffic', name, `--project=${target.project}`, `--region=${target.region}`],
        '--to-latest',
      ],
    });
  }
}
