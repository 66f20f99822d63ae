import { GroupCommit, type GroupCommitOptions } from '@tributary/platform/group-commit';
import { z } from 'zod';
import { type LoadObject, loadObjectSchema, objectId, sha256 } from './object.ts';

/** What one arrival carries: objects whose events this process received at about the same time. */
const arrivalSchema = z.object({ objects: z.array(loadObjectSchema).min(1) });
export type LoadArrival = z.output<typeof arrivalSchema>;

/** One write for as many objects, at most; an arrival stays a small object. */
const MAX_OBJECTS_PER_ARRIVAL = 500;

/** How long one event's request goes on loading what others brought, beside a few waits for spacing: events behind it may wait for its answer. */
const DRAIN_BUDGET_MS = 60_000;

export type StreamCommitOptions = Pick<
  GroupCommitOptions<LoadArrival>,
  'lake' | 'bucket' | 'clock' | 'spacingMs' | 'newId' | 'leaseMs'
>;

/** The arrivals of one stream. */
export class StreamArrivals {
  readonly commit: GroupCommit<LoadArrival>;
  readonly #bucket: string;
  #pending: { object: LoadObject; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #writing = false;

  constructor(stream: string, options: StreamCommitOptions) {
    this.#bucket = options.bucket;
    this.commit = new GroupCommit<LoadArrival>({
      ...options,
      name: `load-${stream}`,
      payload: arrivalSchema,
      // Together at most about as many objects as one load job takes.
      maxArrivals: 1_000,
      // The ledger of loads knows what is done, and for ever.
      remember: 0,
      // A group that failed for good would take the next one down with it; the sweep brings its objects back.
      carryFailed: false,
      budgetMs: DRAIN_BUDGET_MS + 3 * (options.spacingMs ?? 0),
    });
  }

  /**
   * Resolves once the object is on record. While one write is under way, objects gather for the next: thousands of events make few writes, and a
   * single one waits for nothing.
   */
  record(object: LoadObject): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ object, resolve, reject });
      if (!this.#writing) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, MAX_OBJECTS_PER_ARRIVAL);
      try {
        await this.recordAll(batch.map(({ object }) => object));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#writing = false;
  }

  /** Puts the objects on record as one arrival. */
  async recordAll(objects: readonly LoadObject[]): Promise<void> {
    const ids = objects.map((object) => objectId(this.#bucket, object));
    await this.commit.record(sha256([...new Set(ids)].sort().join('\n')), { objects: [...objects] });
  }
}
