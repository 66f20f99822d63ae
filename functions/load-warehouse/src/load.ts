import type { Bus } from '@tributary/platform/bus';
import { UserError } from '@tributary/platform/errors';
import { chainEvent, chainMessage, digestId } from '@tributary/platform/events';
import type { Failure, InlineWork, Manifest } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import type { LoadRejectedError, Warehouse } from '@tributary/platform/warehouse';
import type { LoadArrival } from './arrivals.ts';
import { JOB_PREFIX, Ledger, type LedgerEntry } from './ledger.ts';
import { loadObjects } from './load-jobs.ts';
import { type LoadObject, objectId } from './object.ts';
import { quarantine, quarantineName, removeQuarantined } from './quarantine.ts';
import type { StagingTables } from './staging-tables.ts';
import { triage } from './triage.ts';

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
 * In this order, each step harmless to repeat: jobs (their ids are their objects' hash) → the ledger (one row an object) → `warehouse.loaded` (its id is
 * the manifest's). The manifest is done after that, so a crash anywhere repeats what is missing and nothing else.
 */
export function loadWork(stream: string, ports: LoadPorts, log: Logger): InlineWork<LoadArrival> {
  return {
    run: (manifest) => new ManifestLoad(stream, ports, log, manifest).run(),
    failed: async (manifest, failure) => {
      log.error({ manifest: manifest.id, stream, code: failure.code }, 'objects could not be loaded');
      await ports.bus.publish('chain', [chainMessage(giveUp(stream, manifest, failure))]);
    },
  };
}

class ManifestLoad {
  readonly #stream: string;
  readonly #ports: LoadPorts;
  readonly #log: Logger;
  readonly #manifest: Manifest<LoadArrival>;
  readonly #ledger: Ledger;
  readonly #refused: { object: LoadObject; error: LoadRejectedError }[] = [];
  #loaded: readonly LedgerEntry[] = [];
  #rows = 0;

  constructor(stream: string, ports: LoadPorts, log: Logger, manifest: Manifest<LoadArrival>) {
    this.#stream = stream;
    this.#ports = ports;
    this.#log = log.child({ manifest: manifest.id, stream });
    this.#manifest = manifest;
    this.#ledger = new Ledger(ports.warehouse);
  }

  async run(): Promise<void> {
    const { bucket, lake, warehouse, tables } = this.#ports;
    const arrived = this.#manifest.arrivals.flatMap(({ payload }) => payload.objects);
    const known = await this.#ledger.find(this.#stream, [...new Set(arrived.map(({ name }) => name))]);
    this.#loaded = known.filter(
      ({ manifest, job_id }) => manifest === this.#manifest.id && job_id.startsWith(JOB_PREFIX),
    );
    this.#rows = this.#loaded.reduce((sum, { row_count }) => sum + (row_count ?? 0), 0);
    await this.#removeQuarantinedEarlier(known);
    const { load, note, overwritten } = triage(bucket, arrived, known);
    await this.#ledger.add(note.map(({ object, reason }) => this.#entry(object, reason, 0)));
    await tables.ensure(this.#stream);
    const target = {
      warehouse,
      bucket,
      stream: this.#stream,
      uri: (name: string) => lake.uri(bucket, name),
      mend: () => tables.mend(this.#stream),
    };
    try {
      await loadObjects(target, load, {
        loaded: (objects, jobId, rows) => this.#noteLoaded(objects, jobId, rows),
        refused: async (object, error) => {
          this.#refused.push({ object, error });
        },
      });
    } catch (error) {
      // Objects that others of their table were loaded beside are at fault themselves, however the rest fares.
      if (this.#loaded.length > 0) await this.#dealWithRefused();
      throw error;
    }
    await this.#dealWithRefused();
    if (overwritten.length > 0) await this.#tellOverwritten(overwritten);
    if (this.#loaded.length > 0) await this.#tellLoaded();
  }

  async #noteLoaded(objects: readonly LoadObject[], jobId: string, rows: number): Promise<void> {
    const entries = objects.map((object) => this.#entry(object, jobId, objects.length === 1 ? rows : null));
    await this.#ledger.add(entries);
    this.#loaded = [...this.#loaded, ...entries];
    this.#rows += rows;
    this.#log.info({ job_id: jobId, objects: objects.length, rows }, 'objects were loaded');
  }

  async #dealWithRefused(): Promise<void> {
    if (this.#loaded.length === 0 && this.#refused.length >= SUSPICIOUS_REFUSALS) {
      throw new UserError(
        'LOAD_ALL_REFUSED',
        `BigQuery refused every object of ${this.#manifest.id} (${this.#refused[0]!.error.message}). Check that staging.${this.#stream} has the contract's columns: run the migration.`,
      );
    }
    for (const { object, error } of this.#refused) {
      const fate = await quarantine(this.#ports, object, error);
      await this.#publish({
        type: 'incident.raised',
        detail: {
          manifest: this.#manifest.id,
          object: object.name,
          ...(fate === 'quarantined' ? { quarantine: quarantineName(object.name) } : {}),
        },
        error: { code: fate === 'gone' ? 'LOAD_OBJECT_GONE' : error.code, message: error.message },
      });
      // The ledger before the removal: an object that is gone without a trace would be looked for.
      await this.#ledger.add([this.#entry(object, fate, 0)]);
      if (fate === 'quarantined') await removeQuarantined(this.#ports, object);
      this.#log.error({ object: object.name, code: error.code, fate }, 'an object was refused');
    }
  }

  /** A crash may have come between the ledger and the removal. */
  async #removeQuarantinedEarlier(known: readonly LedgerEntry[]): Promise<void> {
    const earlier = known.filter((entry) => entry.manifest === this.#manifest.id && entry.job_id === 'quarantined');
    for (const entry of earlier) await removeQuarantined(this.#ports, entry);
  }

  #tellOverwritten(objects: readonly LoadObject[]): Promise<void> {
    return this.#publish({
      type: 'incident.raised',
      counts: { objects: objects.length },
      detail: { manifest: this.#manifest.id, object: objects[0]!.name },
      error: {
        code: 'LOAD_OBJECT_OVERWRITTEN',
        message: `${objects.length} objects were overwritten with other content; both contents are in staging, and events that only the older one holds stay.`,
      },
    });
  }

  #tellLoaded(): Promise<void> {
    const objects = this.#loaded;
    return this.#publish({
      type: 'warehouse.loaded',
      counts: {
        objects: objects.length,
        rows: this.#rows,
        bytes: objects.reduce((sum, { byte_count }) => sum + byte_count, 0),
        quarantined: this.#refused.length,
      },
      detail: {
        manifest: this.#manifest.id,
        job_id: [...new Set(objects.map(({ job_id }) => job_id))].join(','),
        objects: objects.length,
      },
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

function giveUp(stream: string, manifest: Manifest<LoadArrival>, failure: Failure) {
  return chainEvent({
    type: 'incident.raised',
    runId: runIdOf(manifest),
    streams: [stream],
    startedAt: new Date(manifest.openedAt),
    counts: { attempts: manifest.attempt, objects: manifest.arrivals.flatMap(({ payload }) => payload.objects).length },
    detail: { stage: 'load', manifest: manifest.id },
    error: failure,
  });
}
