/** Group commit: many arrivals, few pieces of work, none forgotten. The state machine is told at `GroupCommit`. */
export { type Clock, systemClock } from './clock.ts';
export {
  type DrainOutcome,
  type FinishOutcome,
  GroupCommit,
  type GroupCommitOptions,
  type RepairOutcome,
  type StartOutcome,
} from './commit.ts';
export { isPreconditionFailed } from './conditions.ts';
export type { Failure, InlineWork } from './drain.ts';
export { ARRIVALS, type Arrival, longestWaitMs, type Manifest, type TakenArrival } from './format.ts';
export { type CommitState, inspectCommits, isAnyWaiting, waitingCommits } from './inspect.ts';
export type { LongWork, LongWorkRules } from './long-work.ts';
export type { Pace, Paced } from './pace.ts';
export type { SettleRules } from './settle.ts';
