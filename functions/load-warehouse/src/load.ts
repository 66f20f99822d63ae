import type { Bus } from '@tributary/platform/bus';
import { TransientError, TributaryError, UserError } from '@tributary/platform/errors';
import { chainEvent, chainMessage, digestId } from '@tributary/platform/events';
import { type Failure, type InlineWork, longestWaitMs, type Manifest } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import {
  LoadJobFailedError,
  type LoadOutcome,
  LoadRejectedError,
  type LoadRequest,
  type Warehouse,
} from '@tributary/platform/warehouse';
import { LOAD_ATTEMPTS, type LoadArrival } from './arrivals.ts';
import { Footers } from './footers.ts';
import { JOB_PREFIX, Ledger, type LedgerEntry } from './ledger.ts';
import { type LoadListener, type LoadTarget, loadObjects, loadUnderId } from './load-jobs.ts';
import { type LoadObject, objectId } from './object.ts';
import { quarantine, quarantineName, removeQuarantined } from './quarantine.ts';
import { byFolder, type Replaced, replaceRows } from './replace.ts';
import { rowsByFooters } from './row-counts.ts';
import type { StagingTables } from './staging-tables.ts';
import { itemsAt, placesOf, type TableJobs } from './table-jobs.ts';
import { distinctObjects, type Overwritten, triage } from './triage.ts';

export interface LoadPorts {
  readonly lake: Lake;
  readonly bucket: string;
  readonly warehouse: Warehouse;
  readonly bus: Bus;
  readonly tables: StagingTables;
}

/** As many objects that are all refused, and none that is not, are not at fault themselves: their table is. */
const SUSPICIOUS_REFUSALS = 4;

/**
 * Loads what a manifest's arrivals name and says so on the bus.
 *
 * In this order, each step harmless to repeat: the job that a crash left without a word (`TableJobs`) → jobs, each followed by its objects' rows in the ledger →
 * objects that replace older ones → what was refused → `warehouse.loaded` (its id is the manifest's). The manifest is done after that, so a crash anywhere repeats what is
 * missing and nothing else.
 *
 * A manifest is never given up while nobody knows what became of its last job: another manifest would load its objects under another id, and twice. It stays open instead
 * (LOAD_UNSETTLED, of which people are told once), and its stream waits, until the warehouse has said so.
 */
export function loadWork(stream: string, ports: LoadPorts, jobs: TableJobs, log: Logger): InlineWork<LoadArrival> {
  return {
    run: (manifest) => new ManifestLoad(stream, ports, jobs, log, manifest).run(),
    failed: async (manifest, failure) => {
      log.error({ manifest: manifest.id, stream, code: failure.code }, 'objects could not be loaded');
      await tellGivenUp(ports.bus, jobs, stream, manifest, failure);
    },
  };
}

type Refusal = { readonly object: LoadObject; readonly error: LoadRejectedError };

class ManifestLoad implements LoadListener {
  readonly #stream: string;
  readonly #ports: LoadPorts;
  readonly #jobs: TableJobs;
  readonly #log: Logger;
  readonly #manifest: Manifest<LoadArrival>;
  /** All that arrived, each once, in an order that the manifest alone decides. */
  readonly #arrived: readonly LoadObject[];
  readonly #ledger: Ledger;
  readonly #footers: Footers;
  readonly #refused: Refusal[] = [];
  #loaded: readonly LedgerEntry[] = [];
  #removedRows = 0;
  #quarantined = 0;
  /** Whether a job was begun of which neither the ledger nor a refusal tells. */
  #unsettled = false;

  constructor(stream: string, ports: LoadPorts, jobs: TableJobs, log: Logger, manifest: Manifest<LoadArrival>) {
    this.#stream = stream;
    this.#ports = ports;
    this.#jobs = jobs;
    this.#log = log.child({ manifest: manifest.id, stream });
    this.#manifest = manifest;
    this.#arrived = distinctObjects(
      ports.bucket,
      manifest.arrivals.flatMap(({ payload }) => payload.objects),
    );
    this.#ledger = new Ledger(ports.warehouse);
    this.#footers = new Footers(ports.lake, ports.bucket);
  }

  async run(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      if (!this.#unsettled || error instanceof TransientError || this.#manifest.attempt < LOAD_ATTEMPTS) throw error;
      throw await this.#stayOpen(error);
    }
  }

  async #stayOpen(cause: unknown): Promise<TransientError> {
    const why = cause instanceof TributaryError ? `${cause.code}: ${cause.message}` : String(cause);
    const unsettled = new TransientError(
      'LOAD_UNSETTLED',
      `What became of the last load job of ${this.#manifest.id} cannot be learnt (${why}). staging.${this.#stream} gets nothing new until it can; then it goes on by itself. Mend that fault: runbook load-stuck.`,
      { cause },
    );
    if (!(await this.#jobs.isGivenUp())) {
      await tellGivenUp(this.#ports.bus, this.#jobs, this.#stream, this.#manifest, unsettled);
    }
    return unsettled;
  }

  async #load(): Promise<void> {
    const { bucket, tables } = this.#ports;
    const { id, claim } = this.#manifest;
    const names = [...new Set(this.#arrived.map(({ name }) => name))];
    const last = await this.#jobs.claim(claim);
    this.#unsettled = last?.manifest === id;
    // After the claim, from which on no other process begins jobs: what it noted before is there to be found.
    let known = await this.#ledger.find(this.#stream, names);
    if (last?.manifest === id && (await this.#settle(last.jobId, itemsAt(this.#arrived, last.objects), known))) {
      known = await this.#ledger.find(this.#stream, names);
    }
    this.#unsettled = false;
    this.#loaded = known.filter(({ manifest, job_id }) => manifest === id && job_id.startsWith(JOB_PREFIX));
    await this.#removeQuarantinedEarlier(known);
    const { load, note, overwritten } = triage(bucket, this.#arrived, known);
    await this.#ledger.add(note.map(({ object, reason }) => this.#entry(object, reason, 0)));
    await tables.ensure(this.#stream);
    const replacing = new Set(overwritten.map(({ object }) => object));
    const appending = load.filter((object) => !replacing.has(object));
    try {
      // Beside the job: a footer is read in less time than its file is loaded.
      this.#footers.prefetch(load);
      await loadObjects(this.#target(last?.jobId), appending, this);
      for (const [folder, objects] of byFolder(overwritten)) await this.#replace(folder, objects);
    } catch (error) {
      // Objects that others of their table were loaded beside are at fault themselves, however the rest fares.
      if (this.#loaded.length > 0) await this.#dealWithRefused();
      throw error;
    }
    await this.#dealWithRefused();
    await this.#clearQuarantined(known);
    if (this.#loaded.length > 0) await this.#tellLoaded();
    if (await this.#jobs.isGivenUp()) {
      await this.#publish({ type: 'incident.cleared', detail: { incident: givenUp(this.#stream) } });
      await this.#jobs.noteGivenUp(false);
    }
  }

  #target(lastJobId?: string): LoadTarget {
    const { bucket, lake, tables } = this.#ports;
    const { id: manifest, claim } = this.#manifest;
    return {
      warehouse: { load: (request) => this.#runJob(request) },
      bucket,
      stream: this.#stream,
      uri: (name) => lake.uri(bucket, name),
      lastJobId,
      begin: (jobId, objects) => {
        this.#unsettled = true;
        return this.#jobs.take(claim, { manifest, jobId, objects: placesOf(this.#arrived, objects) });
      },
      mend: () => tables.mend(this.#stream),
      unreadable: async (objects) => {
        const footers = await this.#footers.of(objects);
        return new Map(
          footers.flatMap((footer, index) =>
            footer.kind === 'unreadable' ? [[objects[index]!, footer.why] as const] : [],
          ),
        );
      },
    };
  }

  async #runJob(request: LoadRequest): Promise<LoadOutcome> {
    try {
      return await this.#ports.warehouse.load(request);
    } catch (error) {
      if (loadedNothing(error)) this.#unsettled = false;
      throw error;
    }
  }

  /**
   * Learns what became of the job that was begun last, and has it done where it was not begun after all: only then may its objects be given to another one.
   *
   * @returns whether the ledger knows more now
   */
  async #settle(jobId: string, objects: readonly LoadObject[], known: readonly LedgerEntry[]): Promise<boolean> {
    const inLedger = new Set(known.map(({ object_id }) => object_id));
    const missing = objects.filter((object) => !inLedger.has(objectId(this.#ports.bucket, object)));
    if (missing.length === 0) return false;
    await this.#ports.tables.ensure(this.#stream);
    try {
      await this.loaded(objects, await loadUnderId(this.#target(), jobId, objects));
      return true;
    } catch (error) {
      // Its objects are like any others.
      if (loadedNothing(error)) return false;
      throw error;
    }
  }

  async loaded(objects: readonly LoadObject[], { jobId, rows }: LoadOutcome): Promise<void> {
    const { counts, differs } = rowsByFooters(rows, await this.#footers.of(objects));
    const entries = objects.map((object, index) => this.#entry(object, jobId, counts[index]!));
    if (differs !== undefined) await this.#tellDiffers(jobId, objects.length, differs);
    await this.#ledger.add(entries);
    this.#unsettled = false;
    this.#loaded = [...this.#loaded, ...entries];
    this.#log.info({ job_id: jobId, objects: objects.length, rows }, 'objects were loaded');
  }

  async refused(object: LoadObject, error: LoadRejectedError): Promise<void> {
    this.#refused.push({ object, error });
  }

  /** One folder's; where something among them is refused, each by itself. */
  async #replace(folder: string, overwritten: readonly Overwritten[]): Promise<void> {
    const objects = overwritten.map(({ object }) => object);
    let replaced: Replaced;
    try {
      const columns = await this.#ports.tables.columns(this.#stream);
      replaced = await replaceRows(this.#ports, this.#stream, columns, folder, overwritten);
    } catch (error) {
      if (!(error instanceof LoadRejectedError)) throw error;
      if (overwritten.length === 1) return this.refused(objects[0]!, error);
      for (const each of overwritten) await this.#replace(folder, [each]);
      return;
    }
    const { jobId, rows, removed, kept } = replaced;
    if (kept !== undefined) await this.#tellKept(objects, kept);
    this.#removedRows += removed;
    this.#log.info({ folder, objects: objects.length, removed }, 'objects took the place of older ones');
    await this.loaded(objects, { jobId, rows, bytes: 0 });
  }

  async #dealWithRefused(): Promise<void> {
    const refused = this.#refused.splice(0);
    const footers = await this.#footers.of(refused.map(({ object }) => object));
    // A file that no reader can read is at fault whatever the table is like.
    const readable = footers.filter(({ kind }) => kind === 'parquet').length;
    if (this.#loaded.length === 0 && readable >= SUSPICIOUS_REFUSALS) {
      throw new UserError(
        'LOAD_ALL_REFUSED',
        `BigQuery refused every object of ${this.#manifest.id} (${refused[0]!.error.message}). Check that staging.${this.#stream} has the contract's columns: run the migration.`,
      );
    }
    for (const { object, error } of refused) {
      const fate = await quarantine(this.#ports, object, error);
      if (fate === 'superseded') {
        await this.#ledger.add([this.#entry(object, fate, 0)]);
        continue;
      }
      await this.#publish({
        type: 'incident.raised',
        detail: {
          incident: quarantined(object.name),
          runbook: 'quarantine',
          manifest: this.#manifest.id,
          object: object.name,
          ...(fate === 'quarantined' ? { quarantine: quarantineName(object.name) } : {}),
        },
        error: { code: fate === 'gone' ? 'LOAD_OBJECT_GONE' : error.code, message: error.message },
      });
      // The ledger before the removal: an object that is gone without a trace would be looked for.
      await this.#ledger.add([this.#entry(object, fate, 0)]);
      if (fate === 'quarantined') await removeQuarantined(this.#ports, object);
      this.#quarantined += 1;
      this.#log.error({ object: object.name, code: error.code, fate }, 'an object was refused');
    }
  }

  /** A crash may have come between the ledger and the removal. */
  async #removeQuarantinedEarlier(known: readonly LedgerEntry[]): Promise<void> {
    const earlier = known.filter((entry) => entry.manifest === this.#manifest.id && entry.job_id === 'quarantined');
    for (const entry of earlier) await removeQuarantined(this.#ports, entry);
  }

  /** What was quarantined and came again is in order. */
  async #clearQuarantined(known: readonly LedgerEntry[]): Promise<void> {
    const loaded = new Set(this.#loaded.map(({ name }) => name));
    const fates = new Set(['quarantined', 'gone']);
    const names = new Set(
      known.filter(({ job_id, name }) => fates.has(job_id) && loaded.has(name)).map(({ name }) => name),
    );
    for (const name of names) {
      await this.#publish({ type: 'incident.cleared', detail: { incident: quarantined(name), object: name } });
    }
  }

  #tellKept(objects: readonly LoadObject[], why: string): Promise<void> {
    return this.#publish({
      type: 'incident.raised',
      counts: { objects: objects.length },
      detail: {
        incident: `overwritten:${objects[0]!.name}`,
        runbook: 'load-stuck',
        manifest: this.#manifest.id,
        object: objects[0]!.name,
      },
      error: {
        code: 'LOAD_OBJECT_OVERWRITTEN',
        message: `${objects.length} objects were overwritten with other content. The new rows are in staging; rows that only the older content held stay, because ${why}. Remove them by hand where they are wrong.`,
      },
    });
  }

  #tellDiffers(jobId: string, objects: number, why: string): Promise<void> {
    return this.#publish({
      type: 'incident.raised',
      counts: { objects },
      detail: { incident: `load-rows:${jobId}`, runbook: 'load-stuck', manifest: this.#manifest.id, job_id: jobId },
      error: {
        code: 'LOAD_ROWS_DIFFER',
        message: `The files of load job ${jobId} do not add up to the rows it loaded: ${why}. Compare staging.${this.#stream} with the files; one may have been overwritten meanwhile.`,
      },
    });
  }

  #tellLoaded(): Promise<void> {
    const objects = this.#loaded;
    const jobs = [...new Set(objects.map(({ job_id }) => job_id))];
    return this.#publish({
      type: 'warehouse.loaded',
      counts: {
        objects: objects.length,
        jobs: jobs.length,
        rows: objects.reduce((sum, { row_count }) => sum + (row_count ?? 0), 0),
        removed_rows: this.#removedRows,
        bytes: objects.reduce((sum, { byte_count }) => sum + byte_count, 0),
        quarantined: this.#quarantined,
        waited_ms_max: longestWaitMs(this.#manifest),
      },
      detail: { manifest: this.#manifest.id, job_id: jobs.join(','), objects: objects.length },
      identity: [this.#manifest.id],
    });
  }

  async #publish(event: Omit<Parameters<typeof chainEvent>[0], 'runId' | 'streams' | 'startedAt' | 'traceparent'>) {
    await this.#ports.bus.publish('chain', [
      chainMessage(
        chainEvent({
          ...event,
          runId: runIdOf(this.#manifest),
          streams: [this.#stream],
          startedAt: new Date(this.#manifest.openedAt),
        }),
      ),
    ]);
  }

  #entry(object: LoadObject, jobId: string, rows: number | null): LedgerEntry {
    const { bucket } = this.#ports;
    return {
      object_id: objectId(bucket, object),
      stream: this.#stream,
      bucket,
      name: object.name,
      generation: object.generation,
      job_id: jobId,
      manifest: this.#manifest.id,
      row_count: rows,
      byte_count: object.size,
    };
  }
}

/** A load begins a run of the chain. The arrivals enter, because manifests are numbered anew where `control/` was emptied. */
function runIdOf(manifest: Manifest<LoadArrival>): string {
  return digestId(['run', manifest.id, ...manifest.arrivals.map(({ nonce }) => nonce)]);
}

function quarantined(name: string): string {
  return `quarantine:${name}`;
}

function givenUp(stream: string): string {
  return `load:${stream}`;
}

/** Whether that is known of a job. */
function loadedNothing(error: unknown): boolean {
  return error instanceof LoadRejectedError || error instanceof LoadJobFailedError;
}

async function tellGivenUp(
  bus: Bus,
  jobs: TableJobs,
  stream: string,
  manifest: Manifest<LoadArrival>,
  failure: Failure,
): Promise<void> {
  await bus.publish('chain', [chainMessage(giveUp(stream, manifest, failure))]);
  await jobs.noteGivenUp(true);
}

function giveUp(stream: string, manifest: Manifest<LoadArrival>, failure: Failure) {
  return chainEvent({
    type: 'incident.raised',
    runId: runIdOf(manifest),
    streams: [stream],
    startedAt: new Date(manifest.openedAt),
    counts: { attempts: manifest.attempt, objects: manifest.arrivals.flatMap(({ payload }) => payload.objects).length },
    detail: { incident: givenUp(stream), runbook: 'load-stuck', stage: 'load', manifest: manifest.id },
    error: failure,
  });
}
