/** The seeder as a library: the emulator, the tests and the benchmarks seed with it. */
export { DEFAULT_INPUT } from './config.ts';
export { type MigrationReport, migrate } from './migrate.ts';
export { PLANTED_PII } from './mock/planted.ts';
export type { TableName } from './operation.ts';
export { type Pace, parseRate, parseSpeed } from './pace.ts';
export { type ProgressReport, reportProgress } from './progress.ts';
export { referenceSql } from './reference/index.ts';
export type { Reject, RejectReason } from './rejects.ts';
export { type SeedOptions, type SeedProgress, type SeedSummary, seed } from './seed.ts';
export { SOURCE_FORMATS, type SourceFormat } from './sources/index.ts';
