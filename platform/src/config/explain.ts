import type { EnvironmentSources } from './environment.ts';
import { VariableReader } from './reader.ts';
import { SECTIONS } from './sections.ts';
import { VARIABLES, type VariableDeclaration } from './variables.ts';

/** One variable as a process would read it. */
export interface ExplainedVariable {
  readonly name: string;
  readonly purpose: string;
  readonly example: string;
  readonly secret: boolean;
  /** As it is given, or the default that stands for it; undefined where there is neither, and of secrets always. */
  readonly value: string | undefined;
  readonly source: 'environment' | 'file' | 'default' | 'none';
  /** What `readConfig` would refuse it for; never repeats the value. */
  readonly problem: string | undefined;
}

/**
 * The variables that the named sections read, in their order, with the value each has, where that comes from, and what is wrong with it. Which ones they
 * read follows from the adapters selected, so it is found by reading them.
 *
 * @param own variables that only one process has, after those of the sections
 */
export function explainConfig(
  sections: readonly (keyof typeof SECTIONS)[],
  { own: given, fromFile }: EnvironmentSources,
  own: Readonly<Record<string, VariableDeclaration>> = {},
): ExplainedVariable[] {
  const asked = new Set<string>();
  const environment = { ...fromFile, ...given };
  class Witness extends VariableReader<typeof VARIABLES> {
    override get: VariableReader<typeof VARIABLES>['get'] = (name) => {
      asked.add(name);
      return super.get(name);
    };
  }
  const witness = new Witness(VARIABLES, environment);
  for (const section of sections) SECTIONS[section](witness);
  const declarations: Readonly<Record<string, VariableDeclaration>> = { ...VARIABLES, ...own };
  return [...asked, ...Object.keys(own).filter((name) => !asked.has(name))].map((name) => {
    const { schema, purpose, example, secret = false } = declarations[name]!;
    const text = environment[name];
    const read = schema.safeParse(text);
    const preset = read.success && text === undefined ? textOf(read.data) : undefined;
    const source =
      name in given ? 'environment' : name in fromFile ? 'file' : preset === undefined ? 'none' : 'default';
    const problem = read.success ? undefined : text === undefined ? 'missing' : read.error.issues[0]?.message;
    return { name, purpose, example, secret, value: secret ? undefined : (text ?? preset), source, problem };
  });
}

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
