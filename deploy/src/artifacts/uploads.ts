import { commandFailed } from '../errors.ts';
import { isNotThere, isTaken } from '../journal.ts';
import type { Target } from '../options.ts';
import type { Places } from '../places.ts';
import { type Invocation, shown, type Tools } from '../tools.ts';
import { type FunctionPackage, packageObject, type TemplateBuild, templateObject } from './artifacts.ts';

/** Names of packages and templates that the artifacts bucket has. */
export async function uploaded(tools: Tools, { artifactsBucket }: Places): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const folder of ['functions', 'flex-templates']) {
    const invocation: Invocation = {
      command: 'gcloud',
      args: ['storage', 'ls', `gs://${artifactsBucket}/${folder}/**`],
    };
    const outcome = await tools.tryRead(invocation);
    if (outcome.exitCode !== 0 && !isNotThere(outcome.stderr))
      throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
    for (const line of outcome.exitCode === 0 ? outcome.stdout.split('\n') : []) {
      if (line.startsWith('gs://')) names.add(line.trim().slice(`gs://${artifactsBucket}/`.length));
    }
  }
  return names;
}

/** Uploads a package under the name of its content. One that is there is the same: it is left alone. */
export async function uploadPackage(tools: Tools, { artifactsBucket }: Places, item: FunctionPackage): Promise<void> {
  const invocation: Invocation = {
    command: 'gcloud',
    args: [
      ...['storage', 'cp', item.write(), `gs://${artifactsBucket}/${packageObject(item)}`],
      '--if-generation-match=0',
    ],
  };
  const outcome = await tools.tryChange(invocation);
  if (outcome.exitCode !== 0 && !isTaken(outcome.stderr))
    throw commandFailed(shown(invocation), outcome.exitCode, outcome.stderr);
}

/** Writes the template's specification for an image. @returns its gs:// path */
export async function buildTemplate(
  tools: Tools,
  { project }: Target,
  { artifactsBucket }: Places,
  template: TemplateBuild,
  image: string,
): Promise<string> {
  const path = templatePath(artifactsBucket, template, image);
  await tools.change({
    command: 'gcloud',
    args: [
      ...['dataflow', 'flex-template', 'build', path, `--project=${project}`, `--image=${image}`],
      ...['--sdk-language=JAVA', `--metadata-file=${template.metadataFile}`],
    ],
  });
  return path;
}

export function templatePath(bucket: string, { deployable }: TemplateBuild, image: string): string {
  return `gs://${bucket}/${templateObject(deployable, image)}`;
}
