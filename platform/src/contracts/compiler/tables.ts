import { type Column, DATASETS, declaredTables, type TableDeclaration } from '../../warehouse/tables.ts';
import type { CompiledContract } from '../contract.ts';

/** A column of a declared table, with the class of what it may hold of a person. */
interface TaggedColumn extends Column {
  readonly mode: string;
  /** Names the policy tag of the column; absent where it holds nothing personal. */
  readonly pii?: 'tokenize' | 'mask';
}

/** `contracts/generated/tables.json`: the datasets and tables that exist before dbt runs, for Terraform, which cannot read TypeScript. */
export interface DeclaredWarehouse {
  readonly datasets: Readonly<Record<string, string>>;
  /** By `<dataset>.<table>`. */
  readonly tables: Readonly<
    Record<string, Omit<TableDeclaration, 'columns'> & { readonly columns: readonly TaggedColumn[] }>
  >;
}

/** The same tables as `Warehouse.migrate` makes. */
export function declaredWarehouse(contracts: readonly CompiledContract[]): DeclaredWarehouse {
  const byStream = new Map(contracts.map((contract) => [contract.stream, contract]));
  const tables = declaredTables(byStream).map((declaration) => {
    const contract = declaration.dataset === 'staging' ? byStream.get(declaration.table) : undefined;
    const columns = declaration.columns.map((column) => tagged(column, contract));
    return [`${declaration.dataset}.${declaration.table}`, { ...declaration, columns }] as const;
  });
  return { datasets: DATASETS, tables: Object.fromEntries(tables) };
}

function tagged(column: Column, contract: CompiledContract | undefined): TaggedColumn {
  const pii = contract?.fields.find(({ name }) => name === column.name)?.pii;
  return { ...column, mode: column.mode ?? 'NULLABLE', ...(pii === 'tokenize' || pii === 'mask' ? { pii } : {}) };
}
