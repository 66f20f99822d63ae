import type { PostgresConfig } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { count } from '@tributary/platform/metrics';
import type { Operation } from './operation.ts';
import { type Pace, Pacer, wait } from './pace.ts';
import { type Reject, RejectLog, type RejectReason } from './rejects.ts';
import { SOURCES, type Source, type SourceFormat } from './sources/index.ts';
import { applyBatch, beginRun, finishRun, readProgress } from './writer/apply.ts';
import { Database, type RetryListener } from './writer/database.ts';

export interface SeedProgress {
  /** Operations read so far, those already applied included. */
  readonly operations: number;
  /** What `operations` will be at the end; an upper bound where lines may be rejected. */
  readonly expected: number;
}

export interface SourceSeedOptions {
  readonly format: SourceFormat;
  /** As fast as it goes when left out. */
  readonly pace?: Pace | undefined;
  readonly pg: PostgresConfig;
  /** All rejects are written to this file, one JSON object a line. */
  readonly rejectsPath?: string | undefined;
  readonly onProgress?: ((progress: SeedProgress) => void) | undefined;
  /** The database did not answer and is waited for. */
  readonly onRetry?: RetryListener | undefined;
  /** Stops after the batch at work; a later run resumes there. */
  readonly signal?: AbortSignal | undefined;
}

export interface SeedOptions extends SourceSeedOptions {
  /** A file, or a folder of them. */
  readonly input: string;
}

/** `operations = inserted + updated + deleted + alreadyApplied + rejects.REFUSED_BY_DATABASE`. */
export interface SeedSummary {
  /** Names the source by its content: a run of the same content resumes where the last one stopped. */
  readonly fingerprint: string;
  /** Everything the source has to do; rejected lines do nothing. */
  readonly operations: number;
  /** Rows that this run changed; lines that went with their order are not counted. */
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Done by an earlier run, or nothing was left to do: the row was there, had these values, was newer, or was gone. */
  readonly alreadyApplied: number;
  /** Of the whole source, whichever run met them. */
  readonly rejects: Readonly<Partial<Record<RejectReason, number>>>;
  /** The first few. */
  readonly rejectSamples: readonly Reject[];
  readonly rejectsFile?: string;
}

/** Small enough to stop and to be seen soon, large enough that the commits do not count. */
const BATCH_OPERATIONS = 500;

/**
 * Writes a source to the application's database as the application would: inserts, updates and deletes in recorded order and in small transactions.
 *
 * Resumable and idempotent: progress is recorded with each transaction, so killing a run at any moment loses nothing and a second run of the same content writes
 * nothing and causes no change events. A database that restarts is waited for, two minutes at most.
 *
 * @throws {UserError} for an input that is missing, empty or of another format; DATABASE_REFUSED; REJECTS_UNWRITABLE; NOT_IN_TIME_ORDER.
 * @throws {TransientError} DATABASE_UNAVAILABLE.
 */
export async function seed(options: SeedOptions): Promise<SeedSummary> {
  return seedSource(await SOURCES[options.format](options.input), options);
}

/** As `seed`, of a source that is open already. */
export async function seedSource(source: Source, options: SourceSeedOptions): Promise<SeedSummary> {
  const { format, pace = { kind: 'unlimited' }, signal, rejectsPath, onProgress } = options;
  if (pace.kind === 'speed') await assertInTimeOrder(source);
  await using database = new Database(options.pg, options);
  const rejects = new RejectLog(rejectsPath);
  try {
    const { operationsApplied, finished } = await beginRun(database, source.fingerprint, format);
    const pacer = new Pacer(pace);
    const changed = { inserted: 0, updated: 0, deleted: 0 };
    let operations = 0;
    let batch: Operation[] = [];

    const flush = async () => {
      if (batch.length === 0) return;
      signal?.throwIfAborted();
      const applied = await applyBatch(database, source.fingerprint, operations - batch.length, batch);
      changed.inserted += applied.inserted;
      changed.updated += applied.updated;
      changed.deleted += applied.deleted;
      for (const operation of ['inserted', 'updated', 'deleted'] as const)
        count('tributary.seed.operations', applied[operation], { operation });
      batch = [];
      onProgress?.({ operations, expected: source.expectedOperations });
    };

    for await (const operation of source.operations((reject) => rejects.add(reject))) {
      if (operations < operationsApplied) {
        operations += 1;
        continue;
      }
      const delay = pacer.delay(operation);
      if (delay > 0) {
        await flush();
        await wait(delay, signal);
      }
      batch.push(operation);
      operations += 1;
      if (batch.length >= BATCH_OPERATIONS) await flush();
    }
    await flush();
    if (!finished) await finishRun(database, source.fingerprint);
    onProgress?.({ operations, expected: operations });

    const refused = (await readProgress(database, source.fingerprint))?.refused ?? [];
    for (const reject of refused) rejects.add(reject);
    const { inserted, updated, deleted } = changed;
    return {
      fingerprint: source.fingerprint,
      operations,
      inserted,
      updated,
      deleted,
      alreadyApplied: operations - inserted - updated - deleted - refused.length,
      rejects: rejects.counts,
      rejectSamples: rejects.samples,
      ...(rejectsPath !== undefined && { rejectsFile: rejectsPath }),
    };
  } finally {
    rejects.close();
  }
}

/** A replay at a speed waits for recorded times; out of order it would wait once and then rush. */
async function assertInTimeOrder(source: Source): Promise<void> {
  let latest = Number.NEGATIVE_INFINITY;
  for await (const { time, origin } of source.operations(() => undefined)) {
    if (time < latest) {
      throw new UserError(
        'NOT_IN_TIME_ORDER',
        `${origin.file}, line ${origin.line} is earlier than the line before it, so the recording cannot be replayed at a speed. Sort the file by its time, or use a rate.`,
      );
    }
    latest = time;
  }
}
