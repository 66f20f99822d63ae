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
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw notCompiled(file.pathname, error);
  }
  return parseContracts(text, file.pathname);
}

/**
 * The contracts in a text, by stream.
 *
 * @param place where it is from, for people.
 * @throws {UserError} CONTRACTS_NOT_COMPILED where it is not what `npm run contracts` writes.
 */
export function parseContracts(text: string, place: string): Contracts {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw notCompiled(place, error);
  }
  const result = compiledContractsSchema.safeParse(parsed);
  if (!result.success)
    throw notCompiled(place, `${result.error.issues[0]!.path.join('.')}: ${result.error.issues[0]!.message}`);
  const contracts = new Map(Object.entries(result.data.streams));
  if (contracts.size === 0) throw notCompiled(place, 'it has no stream');
  return contracts;
}

/** The contract whose source table this is, if any. */
export function contractOfTable(contracts: Contracts, schema: string, table: string): CompiledContract | undefined {
  for (const contract of contracts.values()) {
    if (contract.table.schema === schema && contract.table.name === table) return contract;
  }
  return undefined;
}

/** @param reason the error, or the fault in words. */
export function notCompiled(place: string, reason: unknown): UserError {
  const said = reason instanceof Error ? reason.message : String(reason);
  return new UserError('CONTRACTS_NOT_COMPILED', `${place} cannot be used (${said}); run: npm run contracts`);
}
