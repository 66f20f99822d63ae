import {
  LoadJobFailedError,
  LoadRejectedError,
  MAX_URIS_PER_LOAD_JOB,
  type Warehouse,
} from '@tributary/platform/warehouse';
import { JOB_PREFIX } from './ledger.ts';
import { type LoadObject, objectId, sha256 } from './object.ts';

/** A job that fails without its objects being at fault is repeated under a new id so many times; then the whole is tried again later. */
const MAX_JOB_ATTEMPTS = 4;
/** Failed jobs count against the daily limit of a table (1,500), so the search for what is at fault ends somewhere. */
const MAX_REJECTED_JOBS = 100;
/** Of the hash in a job's id: as good as unique, and the id stays readable. */
const HASH_DIGITS = 40;

export interface LoadTarget {
  readonly warehouse: Warehouse;
  readonly bucket: string;
  readonly stream: string;
  readonly uri: (name: string) => string;
  /** Brings the table up to its contract; whether a refused job may go well now. */
  readonly mend: () => Promise<boolean>;
}

/** How loading goes on, told as it happens: whoever dies after a job has lost nothing but what was not told yet, which is told again. */
export interface LoadListener {
  loaded(objects: readonly LoadObject[], jobId: string, rows: number): Promise<void>;
  /** Told of a single object. */
  refused(object: LoadObject, error: LoadRejectedError): Promise<void>;
}

/**
 * Loads objects in as few jobs as BigQuery takes. A job's id is the hash of its objects', so the same objects are loaded once however often this runs.
 *
 * A job that refuses its objects loads nothing of them. Then the ones that BigQuery names are set apart, or else the job is cut in half, until what is at
 * fault stands alone and the rest is loaded.
 *
 * @throws {LoadRejectedError} when too many jobs were refused to look on.
 */
export async function loadObjects(
  target: LoadTarget,
  objects: readonly LoadObject[],
  listener: LoadListener,
): Promise<void> {
  const search = { rejectedJobs: 0 };
  for (let from = 0; from < objects.length; from += MAX_URIS_PER_LOAD_JOB) {
    await loadGroup(target, objects.slice(from, from + MAX_URIS_PER_LOAD_JOB), listener, search);
  }
}

async function loadGroup(
  target: LoadTarget,
  group: readonly LoadObject[],
  listener: LoadListener,
  search: { rejectedJobs: number },
): Promise<void> {
  try {
    const { jobId, rows } = await loadUnderFreshId(target, group);
    await listener.loaded(group, jobId, rows);
  } catch (error) {
    if (!(error instanceof LoadRejectedError)) throw error;
    search.rejectedJobs += 1;
    if (search.rejectedJobs > MAX_REJECTED_JOBS) throw error;
    if (group.length === 1) return listener.refused(group[0]!, error);
    for (const part of parts(target, group, error)) await loadGroup(target, part, listener, search);
  }
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

async function loadUnderFreshId(target: LoadTarget, group: readonly LoadObject[]) {
  const { warehouse, bucket, stream, uri, mend } = target;
  const ids = group.map((object) => objectId(bucket, object)).sort();
  const base = `${JOB_PREFIX}${stream}_${sha256(ids.join('\n')).slice(0, HASH_DIGITS)}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await warehouse.load({
        jobId: attempt === 1 ? base : `${base}_${attempt}`,
        dataset: 'staging',
        table: stream,
        uris: group.map(({ name }) => uri(name)),
        labels: { stage: 'load', stream },
      });
    } catch (error) {
      // The id of a job that failed is spent. All attempts' ids are asked for in order again after a crash.
      const mayRepeat = error instanceof LoadJobFailedError || (error instanceof LoadRejectedError && (await mend()));
      if (!mayRepeat || attempt >= MAX_JOB_ATTEMPTS) throw error;
    }
  }
}
