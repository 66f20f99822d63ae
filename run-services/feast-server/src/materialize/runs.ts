import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionState, Jobs } from '@tributary/platform/jobs';
import { unavailable } from '../http/errors.ts';

/** How often a run that somebody waits for is looked at; Cloud Run's own console looks no more often. */
const LOOK_EVERY_MS = 2_000;

interface RunsOptions {
  readonly jobs: Jobs;
  readonly lookEveryMs?: number;
}

/** A run of the Cloud Run job `feast` that was started here. */
export interface Run {
  readonly views: readonly string[];
  /** The execution's full resource name. */
  readonly execution: string;
}

/** Starts the job that materializes, remembers what it started, and waits where somebody does. */
export class MaterializeRuns {
  readonly #jobs: Jobs;
  readonly #lookEveryMs: number;
  /** Runs not known to have ended, by view: one a view, so no more than there are views. */
  readonly #running = new Map<string, Run>();
  readonly #ending = new AbortController();

  constructor({ jobs, lookEveryMs = LOOK_EVERY_MS }: RunsOptions) {
    this.#jobs = jobs;
    this.#lookEveryMs = lookEveryMs;
  }

  /** Those of the views that a run started here still works on. */
  async busy(views: readonly string[]): Promise<string[]> {
    const runs = new Set(views.flatMap((view) => this.#running.get(view) ?? []));
    for (const run of runs) {
      if ((await this.#jobs.state(run.execution)) !== 'running') this.#forget(run);
    }
    return views.filter((view) => this.#running.has(view));
  }

  /**
   * Starts the job for these views and returns without waiting for its end.
   *
   * Its report, `features.materialized`, names the manifest `request-…`, which belongs to no commit: whoever follows the chain takes it for the news it is.
   */
  async start(views: readonly string[], traceparent: string | undefined): Promise<Run> {
    const id = randomUUID();
    const args = [
      ...['--views', views.join(',')],
      ...['--manifest', `request-${id}`],
      ...['--attempt', '1'],
      ...['--run-id', id],
      ...['--cause', id],
      ...(traceparent === undefined ? [] : ['--traceparent', traceparent]),
    ];
    const run = { views, execution: await this.#jobs.start('feast', args) };
    for (const view of views) this.#running.set(view, run);
    return run;
  }

  /**
   * How the run ended.
   *
   * @throws {HttpError} 503 DRAINING where this process ends first; the run goes on.
   */
  async ended(run: Run, deadlineAt: number): Promise<Exclude<ExecutionState, 'running'>> {
    for (;;) {
      const state = await this.#jobs.state(run.execution);
      if (state !== 'running') {
        this.#forget(run);
        return state;
      }
      // The answer is given by the deadline's watch; nobody waits for this any more.
      if (performance.now() >= deadlineAt) return 'unknown';
      await delay(this.#lookEveryMs, undefined, { signal: this.#ending.signal }).catch(() => {
        throw unavailable('DRAINING', `The server is ending; the run goes on as ${run.execution}.`);
      });
    }
  }

  /** Answers all who wait. */
  close(): void {
    this.#ending.abort();
  }

  #forget(run: Run): void {
    for (const view of run.views) if (this.#running.get(view) === run) this.#running.delete(view);
  }
}
