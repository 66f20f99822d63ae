import { readConfigFrom, SECTION_NAMES, VARIABLES, type VariableDeclaration } from '@tributary/platform/config';
import { type Planned, UNKNOWN, type Violation } from '../planned.ts';
import type { Table } from '../table.ts';
import { containers } from './containers.ts';

const DECLARED = VARIABLES as Readonly<Record<string, VariableDeclaration>>;

/**
 * What each deployable is started with satisfies the typed configuration module, and has nothing in it that no code reads.
 *
 * @param mentions whether the code of a source folder, or of the platform, names a variable
 */
export function environmentsAreRead(
  plan: readonly Planned[],
  table: Table,
  mentions: (source: string, variable: string) => boolean,
): Violation[] {
  const found: Violation[] = [];
  for (const { address, name, environment, secrets } of containers(plan)) {
    const deployable = table.deployables[name];
    if (deployable === undefined) continue; // containersAreBound says so
    const given: Record<string, string> = {};
    for (const [variable, value] of environment)
      given[variable] = value === undefined || value === UNKNOWN ? exampleOf(variable) : value;
    for (const variable of secrets.keys()) given[variable] = exampleOf(variable);
    // `common` is what every deployable is told of itself; other sections that the module does not have are declared where they are read.
    const asked = ['project', ...(deployable.config ?? [])];
    const sections = SECTION_NAMES.filter((section) => asked.includes(section));
    try {
      readConfigFrom(withPort(given), ...sections);
    } catch (error) {
      found.push({ at: address, says: (error as Error).message });
    }
    for (const variable of Object.keys(given))
      if (!READ_BY_LIBRARIES.has(variable) && !mentions(deployable.source, variable))
        found.push({ at: address, says: `sets ${variable}, which nothing in ${deployable.source} or platform/ reads` });
  }
  return found;
}

/** Variables that a library reads by itself. https://node-postgres.com/features/connecting#environment-variables */
const READ_BY_LIBRARIES = new Set(['PGSSLMODE']);

/** A value that is known only after apply is taken for the one that its declaration gives as an example. */
function exampleOf(variable: string): string {
  return DECLARED[variable]?.example.replace('…', 'x') ?? 'known-after-apply';
}

/** Cloud Run gives every container its port. */
function withPort(given: Record<string, string>): Record<string, string> {
  return { PORT: '8080', ...given };
}
