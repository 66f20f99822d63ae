/** Contracts at run time: what streams there are, what their fields are, and whether a row keeps to them. */
export type * from '../../../contracts/generated/types.ts';
export {
  type CompiledContract,
  type ContractField,
  carriedFields,
  type FieldType,
  type MaskKeep,
  type PiiClass,
  sourceFields,
  subjectField,
} from './contract.ts';
export { compareDecimals } from './decimal.ts';
export { type Lifecycle, type LifecycleRule, loadLifecycle } from './lifecycle.ts';
export { COMPILED_CONTRACTS, type Contracts, contractOfTable, loadContracts } from './load.ts';
export { type CompiledMapping, loadMappings, type Mappings } from './mapping.ts';
export { METADATA_COLUMNS, type StagingColumn, stagingColumns } from './metadata.ts';
export { type Completeness, type RowValidator, rowValidator, type Violation } from './validator.ts';
