import { setTimeout as delay } from 'node:timers/promises';
import {
  LoadJobFailedError,
  type LoadOutcome,
  LoadRejectedError,
  MAX_BYTES_PER_LOAD_JOB,
  MAX_URIS_PER_LOAD_JOB,
  type Warehouse,
} from '@tributary/platform/warehouse';
import { JOB_PREFIX } from './ledger.ts';
import { type LoadObject, objectId, sha256 } from './object.ts';
import { isNotTheObjects } from './quarantine.ts';

/** A job that fails without its objects being at fault is repeated under a new id so many times; then the whole is tried again later. */
const MAX_JOB_ATTEMPTS = 4;
/** Spent ids that one call passes over: of more jobs than a table gets in a day. */
const MAX_SPENT_IDS = 1_000;
/** Refused jobs are taken from the table's budget, so the search for what is at fault ends somewhere. */
const MAX_REJECTED_JOBS = 100;
/** Of the hash in a job's id: as good as unique, and the id stays readable. */
const HASH_DIGITS = 40;

export interface LoadTarget {
  readonly warehouse: Pick<Warehouse, 'load'>;
  readonly bucket: string;
  readonly stream: string;
  readonly uri: (name: string) => string;
  /** The job that was begun last, by whoever. */
  readonly lastJobId: string | undefined;
  /** Takes a job from the budget, and notes that it is about to begin. */
  readonly begin: (jobId: string, objects: readonly LoadObject[]) => Promise<void>;
  /** Brings the table up to its contract; whether a refused job may go well now. */
  readonly mend: () => Promise<boolean>;
  /** Which of these objects no Parquet reader can read, and why. */
  readonly unreadable: (objects: readonly LoadObject[]) => Promise<ReadonlyMap<LoadObject, string>>;
}

/** How loading goes on, told as it happens: the next job begins when this one's objects are in the ledger. */
export interface LoadListener {
  loaded(objects: readonly LoadObject[], outcome: LoadOutcome): Promise<void>;
  /** Told of a single object. */
  refused(object: LoadObject, error: LoadRejectedError): Promise<void>;
}

/**
 * Loads objects in as few jobs as BigQuery takes. A job's id is the hash of its objects', so the same objects are loaded once however often this runs.
 *
 * A job that refuses its objects loads nothing of them. Then the ones that BigQuery names, or that are no Parquet, are set apart, or else the job is cut in half, until what
 * is at fault stands alone and the rest is loaded.
 *
 * @throws {LoadRejectedError} when too many jobs were refused to look on, or the table itself is at fault.
 * @throws {LoadBudgetSpent} when no more jobs may begin.
 */
export async function loadObjects(
  target: LoadTarget,
  objects: readonly LoadObject[],
  listener: LoadListener,
): Promise<void> {
  const search = { rejectedJobs: 0 };
  for (const group of withinLimits(objects)) await loadGroup(target, group, listener, search);
}

/** As few groups as one job each can take. */
export function withinLimits(objects: readonly LoadObject[]): LoadObject[][] {
  const groups: LoadObject[][] = [];
  let bytes = 0;
  for (const object of objects) {
    const group = groups.at(-1);
    if (!group || group.length === MAX_URIS_PER_LOAD_JOB || bytes + object.size > MAX_BYTES_PER_LOAD_JOB) {
      groups.push([object]);
      bytes = object.size;
    } else {
      group.push(object);
      bytes += object.size;
    }
  }
  return groups;
}

async function loadGroup(
  target: LoadTarget,
  group: readonly LoadObject[],
  listener: LoadListener,
  search: { rejectedJobs: number },
): Promise<void> {
  try {
    await listener.loaded(group, await loadUnderFreshId(target, group));
  } catch (error) {
    // Where the table or the access to it is at fault, to look for an object would only spend jobs.
    if (!(error instanceof LoadRejectedError) || isNotTheObjects(error)) throw error;
    search.rejectedJobs += 1;
    if (search.rejectedJobs > MAX_REJECTED_JOBS) throw error;
    if (group.length === 1) return listener.refused(group[0]!, error);
    // What no reader can read needs no job of its own to be refused.
    const unreadable = await target.unreadable(group);
    for (const [object, why] of unreadable) await listener.refused(object, unreadableError(target, object, why, error));
    const rest = group.filter((object) => !unreadable.has(object));
    const groups = unreadable.size > 0 ? [rest] : parts(target, group, error);
    for (const part of groups) if (part.length > 0) await loadGroup(target, part, listener, search);
  }
}

function unreadableError({ uri }: LoadTarget, { name }: LoadObject, why: string, { jobId }: LoadRejectedError) {
  const fault = { reason: 'invalid', location: uri(name), message: `not a whole Parquet file: ${why}` };
  return new LoadRejectedError(jobId, [fault], [uri(name)]);
}

function parts(target: LoadTarget, group: readonly LoadObject[], error: LoadRejectedError): (readonly LoadObject[])[] {
  const named = new Set(error.refusedUris);
  const refused = group.filter(({ name }) => named.has(target.uri(name)));
  if (refused.length > 0 && refused.length < group.length) {
    return [...refused.map((object) => [object]), group.filter((object) => !refused.includes(object))];
  }
  const middle = Math.ceil(group.length / 2);
  return [group.slice(0, middle), group.slice(middle)];
}

/**
 * Ids of one group are asked for in order. The id of a job that failed is spent for ever, so a failure that was there already is passed over: only then is the next
 * attempt a new one, and only new failures count and are waited for.
 */
async function loadUnderFreshId(target: LoadTarget, group: readonly LoadObject[]): Promise<LoadOutcome> {
  const ids = group.map((object) => objectId(target.bucket, object)).sort();
  const base = `${JOB_PREFIX}${target.stream}_${sha256(ids.join('\n')).slice(0, HASH_DIGITS)}`;
  let [attempts, spent] = [0, 0];
  for (let number = numberOf(base, target.lastJobId); ; number += 1) {
    const jobId = number === 1 ? base : `${base}_${number}`;
    try {
      await target.begin(jobId, group);
      return await loadUnderId(target, jobId, group);
    } catch (error) {
      if (error instanceof LoadJobFailedError && error.wasThere && spent < MAX_SPENT_IDS) {
        spent += 1;
        continue;
      }
      attempts += 1;
      if (attempts >= MAX_JOB_ATTEMPTS) throw error;
      if (error instanceof LoadJobFailedError) {
        const wait = error.retryInMs(attempts);
        if (wait === undefined) throw error;
        await delay(wait);
      } else if (!(error instanceof LoadRejectedError && (await target.mend()))) throw error;
    }
  }
}

/** Which of the group's jobs was begun last, counted from 1: all before it have failed. */
function numberOf(base: string, jobId: string | undefined): number {
  return jobId?.startsWith(`${base}_`) ? Number(jobId.slice(base.length + 1)) : 1;
}

/** Loads objects under the id of a job that may have run. */
export function loadUnderId(
  { warehouse, stream, uri }: Pick<LoadTarget, 'warehouse' | 'stream' | 'uri'>,
  jobId: string,
  objects: readonly LoadObject[],
): Promise<LoadOutcome> {
  return warehouse.load({
    jobId,
    dataset: 'staging',
    table: stream,
    uris: objects.map(({ name }) => uri(name)),
    labels: { stage: 'load', stream },
  });
}
