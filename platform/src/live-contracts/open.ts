import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Environment, readConfigFrom, readEnvironment, readVariables, VARIABLES } from '../config/index.ts';
import { COMPILED_CONTRACTS } from '../contracts/load.ts';
import { createLake } from '../lake/index.ts';
import type { Logger } from '../log/index.ts';
import { LiveContracts } from './live.ts';
import { type ContractsSource, fileSource, objectSource } from './source.ts';

const OBJECT = /^(?:gs|s3):\/\/(?<bucket>[^/]+)\/(?<name>.+)$/;

const DECLARED = { CONTRACTS: VARIABLES.CONTRACTS };

/** The contracts that the environment's `CONTRACTS` names. */
export async function openContracts(log: Logger, environment: Environment = readEnvironment()): Promise<LiveContracts> {
  return LiveContracts.open(sourceOf(environment), { log });
}

/**
 * Where the contracts in force lie, for a pipeline that runs elsewhere; undefined where only this process has them and the pipeline's own serve.
 *
 * @param sharesFiles whether the pipeline sees the same files, as on a laptop.
 */
export function contractsLocation(
  { sharesFiles }: { readonly sharesFiles: boolean },
  environment: Environment = readEnvironment(),
): string | undefined {
  const { CONTRACTS } = readVariables(DECLARED, environment);
  if (CONTRACTS !== undefined && OBJECT.test(CONTRACTS)) return CONTRACTS;
  return sharesFiles ? (CONTRACTS ?? fileURLToPath(COMPILED_CONTRACTS)) : undefined;
}

function sourceOf(environment: Environment): ContractsSource {
  const { CONTRACTS } = readVariables(DECLARED, environment);
  if (CONTRACTS === undefined) return fileSource(COMPILED_CONTRACTS);
  const { bucket, name } = OBJECT.exec(CONTRACTS)?.groups ?? {};
  if (bucket === undefined || name === undefined) return fileSource(pathToFileURL(CONTRACTS));
  return objectSource(createLake(readConfigFrom(environment, 'lake').lake), bucket, name);
}
