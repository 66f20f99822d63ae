import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { type Planned, readPlan } from './planned.ts';
import { readTable, type Table } from './table.ts';
import type { Terraform } from './terraform.ts';

/** No image has this digest: whoever deployed it by accident would get an error and not somebody's image. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** The variables that `npm run deploy` fills in, for every deployable of the table, as what no registry and no bucket has. */
export function placeholders(table: Table): Record<string, unknown> {
  const images: Record<string, string> = {};
  const functions: Record<string, { bucket: string; object: string }> = {};
  for (const [name, { kind }] of Object.entries(table.deployables)) {
    if (kind === 'function') functions[name] = { bucket: 'unbuilt-sources', object: `functions/${name}-unbuilt.zip` };
    else images[name] = `us-central1-docker.pkg.dev/unbuilt/tributary/${name}@${NO_DIGEST}`;
  }
  return { images, function_sources: functions, flex_template: 'gs://unbuilt-sources/flex-templates/unbuilt.json' };
}

/** Arguments that let an environment be planned before anything was built, with `more` variables on top. */
export function planArguments(root: string, more: Readonly<Record<string, unknown>> = {}): string[] {
  const file = join(root, 'terraform', 'verification.tfvars.json');
  writeFileSync(file, JSON.stringify({ ...placeholders(readTable(root)), ...more }));
  return ['-input=false', `-var-file=${file}`];
}

/**
 * Plans a folder that was made ready, and reads what would be made.
 *
 * @throws {UserError} PLAN_REFUSED with what Terraform says
 */
export async function plan(terraform: Terraform, folder: string, args: readonly string[]): Promise<Planned[]> {
  const result = await terraform.run(folder, ['plan', '-lock=false', '-out=verification.tfplan', ...args]);
  if (!result.ok) throw new UserError('PLAN_REFUSED', result.output);
  const shown = await terraform.run(folder, ['show', '-json', 'verification.tfplan']);
  if (!shown.ok) throw new UserError('PLAN_REFUSED', shown.output);
  return readPlan(shown.stdout);
}
