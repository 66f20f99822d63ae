import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A message or an enum, as protobuf.js writes it down. */
interface Descriptor {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly nested?: Readonly<Record<string, Descriptor>>;
}
interface Field {
  readonly type: string;
  readonly rule?: 'repeated';
  readonly keyType?: string;
}

const file = createRequire(import.meta.url).resolve('@google-cloud/cloudbuild/build/protos/protos.json');
const root = JSON.parse(readFileSync(file, 'utf8')) as Descriptor;
const at = (scope: Descriptor | undefined, path: string): Descriptor | undefined =>
  path.split('.').reduce<Descriptor | undefined>((found, name) => found?.nested?.[name], scope);
const v1 = at(root, 'google.devtools.cloudbuild.v1')!;

/** A build file may say it shorter. https://cloud.google.com/build/docs/build-config-file-schema#dynamic_substitutions */
const ONLY_IN_FILES: ReadonlySet<string> = new Set(['options.dynamicSubstitutions']);

/**
 * What in a build configuration is not in Cloud Build's API, of which the file is the resource `Build`: unknown members, wrong types, unknown values of enums.
 *
 * @returns a sentence each; none where all is well
 */
export function problemsOf(build: unknown): string[] {
  return check(at(v1, 'Build')!, [at(v1, 'Build')!], build, '');
}

function check(message: Descriptor, scopes: readonly Descriptor[], value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is not an object`];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = path ? `${path}.${name}` : name;
    const field = message.fields?.[name];
    if (field === undefined) return ONLY_IN_FILES.has(here) ? [] : [`${here} is not known`];
    if (field.keyType !== undefined)
      return Object.entries(member as object).flatMap(([key, each]) => scalar(field.type, each, `${here}.${key}`));
    if (field.rule === 'repeated') {
      if (!Array.isArray(member)) return [`${here} is not a list`];
      return member.flatMap((each, index) => one(field.type, scopes, each, `${here}[${index}]`));
    }
    return one(field.type, scopes, member, here);
  });
}

function one(type: string, scopes: readonly Descriptor[], value: unknown, path: string): string[] {
  if (type === 'google.protobuf.Duration') return /^\d+s$/.test(String(value)) ? [] : [`${path} is no duration`];
  const found = [...scopes, v1, root].map((scope) => at(scope, type)).find((each) => each !== undefined);
  if (found?.values)
    return Object.hasOwn(found.values, String(value))
      ? []
      : [`${path} is ${value}, which is none of ${Object.keys(found.values).join(', ')}`];
  if (found) return check(found, [found, ...scopes], value, path);
  return scalar(type, value, path);
}

function scalar(type: string, value: unknown, path: string): string[] {
  const wanted = type === 'bool' ? 'boolean' : /int|float|double/.test(type) ? 'number' : 'string';
  return typeof value === wanted ? [] : [`${path} is a ${typeof value}, not a ${type}`];
}
