import type { z } from 'zod';
import { type Environment, readEnvironment } from './environment.ts';
import { VariableReader } from './reader.ts';
import { SECTIONS } from './sections.ts';
import { VARIABLES, type VariableDeclaration } from './variables.ts';

export { type Environment, type EnvironmentSources, ROOT, readEnvironment, readSources } from './environment.ts';
export { type ExplainedVariable, explainConfig } from './explain.ts';
export type {
  AccessConfig,
  BusConfig,
  ChainConfig,
  CostConfig,
  EventsConfig,
  FeastConfig,
  HttpConfig,
  JobsConfig,
  LakeConfig,
  LineageConfig,
  MetricsConfig,
  NotifyConfig,
  OidcConfig,
  OnlineStoreConfig,
  PiiConfig,
  PipelineConfig,
  PostgresConfig,
  ProjectConfig,
  WarehouseConfig,
} from './sections.ts';
export { jsonText, VARIABLES, type VariableDeclaration, variable } from './variables.ts';

type Sections = typeof SECTIONS;
export type SectionName = keyof Sections;
/** For what checks configurations that it does not run with. */
export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];
/** The configuration of a process: only the sections it asked for. */
export type Config<N extends SectionName> = { readonly [K in N]: ReturnType<Sections[K]> };

/**
 * Reads the named sections of the configuration from the environment and `.env.<TRIBUTARY_ENV>` (the environment wins).
 *
 * ```ts
 * const { lake, bus } = readConfig('lake', 'bus');
 * ```
 * @throws {UserError} CONFIG_INVALID naming every variable that is missing or wrong, what it is for, and an example. Only variables that the
 * selected adapters need are asked for.
 */
export function readConfig<N extends SectionName>(...names: readonly N[]): Config<N> {
  return readConfigFrom(readEnvironment(), ...names);
}

/** As `readConfig`, from the variables given. */
export function readConfigFrom<N extends SectionName>(environment: Environment, ...names: readonly N[]): Config<N> {
  const reader = new VariableReader(VARIABLES, environment);
  const config = Object.fromEntries(names.map((name) => [name, SECTIONS[name](reader)]));
  reader.finish();
  return config as Config<N>;
}

/**
 * Reads variables that only one process has, declared with `variable(schema, purpose, example)`; errors as `readConfig`.
 */
export function readVariables<D extends Readonly<Record<string, VariableDeclaration>>>(
  declarations: D,
  environment: Environment = readEnvironment(),
): { readonly [N in keyof D]: z.output<D[N]['schema']> } {
  const reader = new VariableReader(declarations, environment);
  const values = Object.fromEntries(Object.keys(declarations).map((name) => [name, reader.get(name)]));
  reader.finish();
  return values as { readonly [N in keyof D]: z.output<D[N]['schema']> };
}
