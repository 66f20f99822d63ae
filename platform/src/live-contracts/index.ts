/** Contracts that a running process follows: a changed contract is in force within seconds, without a restart. */
export { LiveContracts, type LiveContractsOptions } from './live.ts';
export { contractsLocation, openContracts } from './open.ts';
export { type ContractsSource, fileSource, objectSource } from './source.ts';
