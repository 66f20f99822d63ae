/** Puts dead letters and quarantined objects back through the pipeline after what refused them was mended. */

export { readOptions, type TypedOptions } from './options.ts';
export type { ReplayPorts, Selection } from './ports.ts';
export { type Outcome, type ReplayOptions, type ReplayReport, replay } from './replay.ts';
export { runReplay } from './run.ts';
export { type SummaryLine, summaryOf } from './summary.ts';
