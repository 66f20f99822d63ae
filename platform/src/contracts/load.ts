import { readFileSync } from 'node:fs';
import { ROOT } from '../config/environment.ts';
import { UserError } from '../errors/index.ts';
import { type CompiledContract, compiledContractsSchema } from './contract.ts';

/** What `npm run contracts` made of the contracts. */
export const COMPILED_CONTRACTS = new URL('contracts/generated/contracts.json', ROOT);

export type Contracts = ReadonlyMap<string, CompiledContract>;

/**
 * The compiled contracts, by stream.
 *
 * @throws {UserError} CONTRACTS_NOT_COMPILED where the file is missing or of another format.
 */
export function loadContracts(file: URL = COMPILED_CONTRACTS): Contracts {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw notCompiled(file, (error as Error).message);
  }
  const result = compiledContractsSchema.safeParse(parsed);
  if (!result.success)
    throw notCompiled(file, `${result.error.issues[0]!.path.join('.')}: ${result.error.issues[0]!.message}`);
  return new Map(Object.entries(result.data.streams));
}

/** The contract whose source table this is, if any. */
export function contractOfTable(contracts: Contracts, schema: string, table: string): CompiledContract | undefined {
  for (const contract of contracts.values()) {
    if (contract.table.schema === schema && contract.table.name === table) return contract;
  }
  return undefined;
}

function notCompiled(file: URL, reason: string): UserError {
  return new UserError('CONTRACTS_NOT_COMPILED', `${file.pathname} cannot be used (${reason}); run: npm run contracts`);
}
