import { createHash } from 'node:crypto';
import { TransientError } from '@tributary/platform/errors';
import type { ChainEvent } from '@tributary/platform/events';
import { type Clock, isPreconditionFailed } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import { placeOf } from './naming.ts';
import type { Notice } from './notice.ts';
import { after, type IncidentRules, type Place, placeSchema } from './place.ts';

const FOLDER = 'control/notify/incidents/';

/** Of several who write at once one wins, and the others look again; more than this in a row is a store that does not honour conditions. */
const MAX_ATTEMPTS = 30;

/** A place of which nothing was heard for so long is forgotten: an incident that nobody clears does not stay open for ever, and what fails anew is told anew. */
const FORGET_AFTER_MS = 14 * 24 * 3_600_000;

export interface IncidentPorts {
  readonly lake: Lake;
  /** The bucket of `control/`. */
  readonly bucket: string;
  readonly clock: Clock;
  readonly rules: IncidentRules;
  /** Puts a notice on record for every channel; the same again is the same. */
  readonly handOver: (notice: Notice) => Promise<void>;
}

/**
 * The incidents that people were told of, one object a place in the lake, changed by conditional writes only: of concurrent tellers of an incident, one opens it.
 *
 * What is to be told is written together with the change that makes it due, and taken out once every channel has it on record. A crash in between leaves it in the
 * object, for the next event of the place or the sweep.
 */
export class IncidentBook {
  readonly #ports: IncidentPorts;

  constructor(ports: IncidentPorts) {
    this.#ports = ports;
  }

  /** Takes an event in. Resolves once what is to be told of it is on record. @returns what this call handed over. */
  async take(event: ChainEvent): Promise<Notice[]> {
    const { clock, rules } = this.#ports;
    const place = placeOf(event);
    const name = nameOf(place);
    const changed = await this.#change(name, (known) => after(known, place, event, new Date(clock.now()), rules));
    // Told again after a crash: the event changes nothing, and what it made due may still be there.
    return changed ? await this.#handOver(name, changed) : [];
  }

  /** Hands over what crashes left behind, and forgets what is long past. */
  async sweep(): Promise<Notice[]> {
    const { lake, bucket, clock } = this.#ports;
    const handed: Notice[] = [];
    for await (const { name } of lake.list(bucket, FOLDER)) {
      const found = await this.#read(name);
      if (!found) continue;
      if (found.place.due.length > 0) handed.push(...(await this.#handOver(name, found.place)));
      else if (clock.now() - Date.parse(found.place.updatedAt) > FORGET_AFTER_MS) await lake.remove(bucket, name);
    }
    return handed;
  }

  async #handOver(name: string, { due }: Place): Promise<Notice[]> {
    if (due.length === 0) return [];
    for (const notice of due) await this.#ports.handOver(notice);
    const ids = new Set(due.map(({ id }) => id));
    await this.#change(name, (known) => {
      if (!known?.due.some(({ id }) => ids.has(id))) return undefined;
      return { ...known, due: known.due.filter(({ id }) => !ids.has(id)) };
    });
    return [...due];
  }

  /** @returns the object as it is afterwards; undefined where there is none. */
  async #change(name: string, next: (known: Place | undefined) => Place | undefined): Promise<Place | undefined> {
    const { lake, bucket } = this.#ports;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const found = await this.#read(name);
      const changed = next(found?.place);
      if (!changed) return found?.place;
      try {
        const condition = found ? { ifMatch: found.token } : { ifAbsent: true };
        await lake.write(bucket, name, JSON.stringify(changed), { ...condition, contentType: 'application/json' });
        return changed;
      } catch (error) {
        if (!isPreconditionFailed(error)) throw error;
      }
    }
    throw new TransientError('INCIDENT_BUSY', `${name} changes all the time; the event will be taken later`);
  }

  async #read(name: string): Promise<{ place: Place; token: string } | undefined> {
    const found = await this.#ports.lake.read(this.#ports.bucket, name);
    return found && { place: placeSchema.parse(JSON.parse(found.body.toString('utf8'))), token: found.object.token };
  }
}

/** Names of places hold what names of objects must not. */
function nameOf(place: string): string {
  return `${FOLDER}${createHash('sha256').update(place).digest('hex')}.json`;
}
