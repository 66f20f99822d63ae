import { TransientError } from '../errors/index.ts';
import type { ExecutionState } from '../jobs/port.ts';
import type { Clock } from './clock.ts';
import { type Failure, failureOf } from './drain.ts';
import type { Manifest } from './format.ts';
import type { Manifests } from './manifests.ts';
import type { Versioned } from './store.ts';

/** Work done by a job that outlives the function that starts it. */
export interface LongWork<P> {
  /** Starts the manifest's attempt and returns the execution's name. Two executions of one manifest may run where a start's answer was lost. */
  start(manifest: Manifest<P>): Promise<string>;
  /** How the execution is doing. */
  state(execution: string): Promise<ExecutionState>;
  /** Does what follows from a job that succeeded, where jobs do not report themselves; repeated after a crash. */
  succeeded?(manifest: Manifest<P>): Promise<void>;
  /** Tells of a manifest that is given up; told again after a crash. */
  failed(manifest: Manifest<P>, error: Failure): Promise<void>;
}

export interface LongWorkRules {
  /** Executions of one manifest before it is given up. */
  readonly maxAttempts: number;
  /** How long a start may take before it counts as lost. */
  readonly startMs: number;
  /** How long the report of an execution that was seen failed or gone may be under way. */
  readonly reportMs: number;
  /** The same for one that succeeded: it did report, and to do the work again costs more than to wait. */
  readonly successReportMs: number;
  /** An execution that runs longer than this counts as dead. */
  readonly maxRunMs: number;
}

export const LONG_WORK_RULES: LongWorkRules = {
  maxAttempts: 3,
  startMs: 60_000,
  reportMs: 10_000,
  successReportMs: 60_000,
  maxRunMs: 3_600_000,
};

/** `ended`: this call ended the manifest. `running`: wait on. `restarted`: a new attempt runs. */
type JobOutcome = 'nothing-open' | 'running' | 'restarted' | 'ended';

/** The manifest's jobs: starting them, and finding those that died. */
export class JobRuns<P> {
  readonly #manifests: Manifests<P>;
  readonly #clock: Clock;
  readonly #rules: LongWorkRules;

  constructor(manifests: Manifests<P>, clock: Clock, rules: LongWorkRules) {
    this.#manifests = manifests;
    this.#clock = clock;
    this.#rules = rules;
  }

  /** Executions of one manifest before it is given up. */
  get maxAttempts(): number {
    return this.#rules.maxAttempts;
  }

  /**
   * Starts the attempt that `taken` names. Where that fails the attempt is given back, to be taken up by whoever comes next, and the error is thrown; the
   * last attempt is given up instead. A failure that may pass counts as no attempt: while nothing can be started, everything waits.
   */
  async launch(taken: Versioned<P>, work: LongWork<P>): Promise<void> {
    let execution: string;
    try {
      execution = await work.start(taken.manifest);
    } catch (error) {
      const { counted } = taken.manifest;
      const passes = error instanceof TransientError;
      if (!passes && counted >= this.#rules.maxAttempts) return this.#giveUp(taken, work, failureOf(error));
      await this.#manifests.change(taken, { claimedAt: null, counted: passes ? counted - 1 : counted });
      throw error;
    }
    // A job may be quicker than this line; then its report has ended the manifest already, and there is nothing to note.
    await this.#manifests.change(taken, { execution });
  }

  /** Looks after the open manifest, whose job may have died without a word. */
  async repair(work: LongWork<P>): Promise<JobOutcome> {
    const latest = await this.#manifests.latest();
    if (latest?.manifest.state !== 'open') return 'nothing-open';
    const { execution, claimedAt } = latest.manifest;
    if (claimedAt === null) return this.#again(latest, work, 'it could not be started or reported a failure');
    const age = this.#since(claimedAt);
    if (execution === null) {
      return age < this.#rules.startMs ? 'running' : this.#again(latest, work, 'its start was never confirmed');
    }
    const state = await work.state(execution);
    if (state === 'running') {
      return age < this.#rules.maxRunMs ? 'running' : this.#again(latest, work, 'it ran for too long');
    }
    if (state === 'succeeded' && work.succeeded) {
      await work.succeeded(latest.manifest);
      return (await this.#manifests.end(latest, 'done')) ? 'ended' : 'nothing-open';
    }
    return this.#ended(latest, work, state);
  }

  /** The job ended, yet nobody reported it: the report may be under way still. */
  async #ended(latest: Versioned<P>, work: LongWork<P>, state: ExecutionState): Promise<JobOutcome> {
    const { suspectedAt } = latest.manifest;
    if (suspectedAt === null && !work.succeeded) {
      await this.#manifests.change(latest, { suspectedAt: this.#clock.now() });
      return 'running';
    }
    const patience = state === 'succeeded' ? this.#rules.successReportMs : this.#rules.reportMs;
    if (suspectedAt !== null && this.#since(suspectedAt) < patience) return 'running';
    return this.#again(latest, work, `its execution ended (${state}) without a report`);
  }

  /** Milliseconds that passed, or by which a clock that noted the time was ahead: to wait for that time to come would hold up the repair. */
  #since(time: number): number {
    return Math.abs(this.#clock.now() - time);
  }

  async #again(latest: Versioned<P>, work: LongWork<P>, reason: string): Promise<JobOutcome> {
    const { counted, id } = latest.manifest;
    if (counted >= this.#rules.maxAttempts) {
      const message = `${id} was tried ${counted} times; the last time ${reason}. Look at the job's log; what it covers joins the next run.`;
      await this.#giveUp(latest, work, { code: 'ATTEMPTS_EXHAUSTED', message });
      return 'ended';
    }
    const claimed = await this.#manifests.claim(latest);
    // Somebody else was first to take it up.
    if (!claimed) return 'running';
    await this.launch(claimed, work);
    return 'restarted';
  }

  async #giveUp(from: Versioned<P>, work: LongWork<P>, failure: Failure): Promise<void> {
    await work.failed(from.manifest, failure);
    await this.#manifests.end(from, 'failed', failure);
  }
}
