/** Removes a person from everything the platform keeps, and keeps them from coming back. */

export { type EraseOptions, type EraseReport, erase } from './erase.ts';
export { readOptions } from './options.ts';
export type { Found } from './place.ts';
export type { ErasePorts } from './ports.ts';
export { runErase } from './run.ts';
