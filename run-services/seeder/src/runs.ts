import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import type { PostgresConfig } from '@tributary/platform/config';
import { TransientError, TributaryError, UserError } from '@tributary/platform/errors';
import type { Logger } from '@tributary/platform/log';
import type { Pace } from './pace.ts';
import { type SeedProgress, type SeedSummary, seedSource } from './seed.ts';
import { SOURCES, type Source, type SourceFormat } from './sources/index.ts';
import { readProgress } from './writer/apply.ts';
import { Database } from './writer/database.ts';

export interface RunRequest {
  /** Relative to the input root. */
  readonly input: string;
  readonly format: SourceFormat;
  readonly pace: Pace;
}

/** `interrupted`: this instance does not run it, and it has not reached its end; the same request resumes it. */
export type RunState = 'running' | 'finished' | 'failed' | 'interrupted';

export interface Run {
  /** The source's fingerprint, so the same content is the same run on every instance and after a restart. */
  readonly id: string;
  readonly state: RunState;
  readonly progress: SeedProgress | { readonly operations: number };
  readonly summary?: SeedSummary;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Each run has a connection, and an input of Online Retail is held in memory. */
const MAX_RUNNING = 4;

interface Live {
  run: Run;
  done: Promise<void>;
}

/** The runs of this instance. What others did, or this one before a restart, is read from the database. */
export class Runs {
  readonly #postgres: PostgresConfig;
  readonly #root: string;
  readonly #log: Logger;
  readonly #live = new Map<string, Live>();
  readonly #stopping = new AbortController();

  constructor(postgres: PostgresConfig, root: string, log: Logger) {
    this.#postgres = postgres;
    this.#root = root;
    this.#log = log;
  }

  /**
   * Starts a run, or returns the one of the same content that is running. Returns once the input was read for its fingerprint; rows follow.
   *
   * @throws {UserError} INPUT_OUTSIDE_ROOT, or what is wrong with the input.
   * @throws {TransientError} TOO_MANY_RUNS, STOPPING
   */
  async start({ input, format, pace }: RunRequest): Promise<Run> {
    const source = await SOURCES[format](await this.#inside(input));
    if (this.#stopping.signal.aborted)
      throw new TransientError('STOPPING', 'The service is stopping; ask its successor.');
    const running = this.#live.get(source.fingerprint);
    if (running?.run.state === 'running') return running.run;
    if ([...this.#live.values()].filter(({ run }) => run.state === 'running').length >= MAX_RUNNING) {
      throw new TransientError('TOO_MANY_RUNS', `${MAX_RUNNING} runs are at work; ask again when one has finished.`);
    }
    const progress = { operations: 0, expected: source.expectedOperations };
    const live: Live = { run: { id: source.fingerprint, state: 'running', progress }, done: Promise.resolve() };
    this.#live.set(source.fingerprint, live);
    live.done = this.#perform(live, source, format, pace);
    return live.run;
  }

  /** A run of this instance or, failing that, what the database knows of it; null where nobody has heard of it. */
  async find(id: string): Promise<Run | null> {
    const live = this.#live.get(id);
    if (live) return live.run;
    await using database = new Database(this.#postgres, {
      signal: this.#stopping.signal,
      retryLimitMs: LOOKUP_LIMIT_MS,
    });
    const progress = await readProgress(database, id);
    if (!progress) return null;
    const state = progress.finished ? 'finished' : 'interrupted';
    return { id, state, progress: { operations: progress.operationsApplied } };
  }

  /** Stops all runs after the batch each is at, and waits for them. They resume where they stopped. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#live.values()].map(({ done }) => done));
  }

  async #perform(live: Live, source: Source, format: SourceFormat, pace: Pace): Promise<void> {
    const { id } = live.run;
    const log = this.#log.child({ run: id, format });
    try {
      const summary = await seedSource(source, {
        format,
        pace,
        pg: this.#postgres,
        signal: this.#stopping.signal,
        onProgress: (progress) => {
          live.run = { ...live.run, progress };
        },
        onRetry: (retry) => log.warn(retry, 'waiting for Postgres'),
      });
      live.run = { ...live.run, state: 'finished', summary };
      const { operations, inserted, updated, deleted, alreadyApplied, rejects } = summary;
      log.info({ operations, inserted, updated, deleted, alreadyApplied, rejects }, 'run finished');
    } catch (err) {
      if (this.#stopping.signal.aborted) {
        live.run = { ...live.run, state: 'interrupted' };
        log.info({ operations: live.run.progress.operations }, 'run interrupted');
        return;
      }
      const error =
        err instanceof TributaryError
          ? { code: err.code, message: err.message }
          : { code: 'INTERNAL', message: 'The run met a bug; the log has it.' };
      live.run = { ...live.run, state: 'failed', error };
      log.error({ err }, 'run failed');
    }
  }

  async #inside(input: string): Promise<string> {
    const root = await realpath(this.#root).catch(() => {
      throw new UserError(
        'INPUT_NOT_FOUND',
        `SEED_INPUT_ROOT (${this.#root}) is not there; mount it or set it to a folder.`,
      );
    });
    const wanted = resolve(root, input);
    // The link's target decides, not its name; of what does not exist, the name.
    const target = await realpath(wanted).catch(() => wanted);
    const path = relative(root, target);
    if (path === '..' || path.startsWith(`..${sep}`) || resolve(root, path) !== target) {
      throw new UserError('INPUT_OUTSIDE_ROOT', 'The input must be a path inside SEED_INPUT_ROOT, relative to it.');
    }
    return target;
  }
}

/** Somebody is waiting for the answer. */
const LOOKUP_LIMIT_MS = 5_000;
