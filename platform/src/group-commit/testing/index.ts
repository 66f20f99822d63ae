/** A lake and a clock in memory, for tests of what is built on the group commit. */
export { ManualClock } from './manual-clock.ts';
export { type Interference, MemoryLake, type MemoryLakeOptions, type Operation, type Watcher } from './memory-lake.ts';
