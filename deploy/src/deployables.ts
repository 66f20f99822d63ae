import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { parse } from 'yaml';
import { z } from 'zod';

/** What a deploy needs of terraform/deployables.yaml; Terraform and tests read the rest. */
const tableSchema = z.object({
  deployables: z.record(
    z.string(),
    z.object({
      kind: z.enum(['service', 'job', 'function', 'flex-template']),
      source: z.string(),
      /** What a job's image does once before another deployable changes. */
      before: z.object({ of: z.string() }).optional(),
      /** Path that answers 200 from outside. */
      health: z.string().optional(),
      ingress: z.enum(['all', 'internal']).optional(),
    }),
  ),
});

export type Deployables = z.output<typeof tableSchema>['deployables'];

/** @throws {UserError} DEPLOYABLES_INVALID */
export function readDeployables(root: string): Deployables {
  const result = tableSchema.safeParse(parse(readFileSync(join(root, 'terraform', 'deployables.yaml'), 'utf8')));
  if (result.success) return result.data.deployables;
  const issue = result.error.issues[0];
  throw new UserError('DEPLOYABLES_INVALID', `terraform/deployables.yaml: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Names under which Cloud Run has services: those of services, and of functions, which are services underneath. */
export function serviceNames(deployables: Deployables): Set<string> {
  return new Set(names(deployables, ['service', 'function']));
}

export function names(deployables: Deployables, kinds: readonly Deployables[string]['kind'][]): string[] {
  return Object.entries(deployables)
    .filter(([, { kind }]) => kinds.includes(kind))
    .map(([name]) => name);
}

/** Jobs that Terraform runs before a deployable changes, as terraform/modules/tributary names them: feast/apply.py before the feature server. */
export function beforeJobs(deployables: Deployables): string[] {
  return Object.entries(deployables).flatMap(([name, { before }]) => (before ? [`${name}-before-${before.of}`] : []));
}

/** Everything that a rollback may have to put back, by its name in Cloud Run. */
export function runNames(deployables: Deployables): Set<string> {
  return new Set([...names(deployables, ['service', 'function', 'job']), ...beforeJobs(deployables)]);
}
