import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const PLACEHOLDERS = 'terraform/verification.tfvars.json';
/** No image has this digest: whoever deployed it by accident would get an error and not somebody's image. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** Arguments that let an environment be planned before anything was built: what `npm run deploy` fills in, as what no registry and no bucket has. */
export function planArguments(action: string, root: string): string[] {
  if (action !== 'plan' || !existsSync(join(root, 'terraform/deployables.yaml'))) return [];
  const file = join(root, PLACEHOLDERS);
  writeFileSync(file, JSON.stringify(placeholders(readFileSync(join(root, 'terraform/deployables.yaml'), 'utf8'))));
  return ['-input=false', `-var-file=${file}`];
}

/** The variables of `npm run deploy`, for every deployable of the table. */
export function placeholders(deployables: string): Record<string, unknown> {
  const table = (parse(deployables) as { deployables: Record<string, { kind: string }> }).deployables;
  const images: Record<string, string> = {};
  const functions: Record<string, { bucket: string; object: string }> = {};
  for (const [name, { kind }] of Object.entries(table)) {
    if (kind === 'function') functions[name] = { bucket: 'unbuilt-sources', object: `${name}-unbuilt.zip` };
    else images[name] = `us-central1-docker.pkg.dev/unbuilt/tributary/${name}@${NO_DIGEST}`;
  }
  return { images, function_sources: functions, flex_template: 'gs://unbuilt-sources/pipeline.json' };
}
