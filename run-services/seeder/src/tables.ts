import {
  type ContractField,
  loadContracts,
  type RowValidator,
  rowValidator,
  sourceFields,
} from '@tributary/platform/contracts';
import { TributaryError } from '@tributary/platform/errors';
import { TABLE_NAMES, type TableName } from './operation.ts';

/** A table as its contract declares it; no column is declared a second time here. */
export interface Table {
  readonly name: TableName;
  readonly primaryKey: readonly string[];
  readonly columns: ReadonlyMap<string, ContractField>;
  readonly validate: RowValidator;
}

/** The types that the application's tables have: what each value must be beyond its contract, for its column to hold it. */
const STORABLE_TYPES: readonly string[] = ['STRING', 'INT64', 'NUMERIC', 'TIMESTAMP'];

/**
 * The five tables, from the compiled contracts (`npm run contracts`).
 *
 * @throws {UserError} CONTRACTS_NOT_COMPILED, or CONTRACT_NOT_SEEDABLE when a contract is missing or gained a type that the seeder does not write.
 */
export function readTables(): ReadonlyMap<TableName, Table> {
  const contracts = loadContracts();
  return new Map(
    TABLE_NAMES.map((name) => {
      const contract = contracts.get(name);
      const fields = contract ? sourceFields(contract) : [];
      const stranger = fields.find(({ type }) => !STORABLE_TYPES.includes(type));
      if (!contract || stranger) {
        throw new TributaryError(
          'CONTRACT_NOT_SEEDABLE',
          'user',
          stranger
            ? `The seeder cannot write ${name}.${stranger.name}: it knows ${STORABLE_TYPES.join(', ')}, not ${stranger.type}.`
            : `There is no contract of ${name}, which the seeder writes; restore contracts/${name}.odcs.yaml.`,
        );
      }
      const columns = new Map(fields.map((field) => [field.name, field]));
      return [name, { name, primaryKey: contract.primaryKey, columns, validate: rowValidator(contract) }];
    }),
  );
}

/** Read once: the contracts of a running process do not change. */
export const TABLES = readTables();
