import { z } from 'zod';
import { TributaryError } from '../errors/index.ts';

/**
 * What a group commit keeps in the lake, under `control/<commit>/`:
 *
 *     arrivals/<id>~<nonce>.json  one telling of a waiting piece of work; its presence is the whole of its state
 *     lease.json                  who may turn arrivals into manifests just now
 *     manifests/<number>.json     a group of arrivals worked on as one; the numbers say the order, and only the highest can be open
 */
export const CONTROL = 'control/';

/** Zero-padded so that the store lists manifests in order. */
const NUMBER_DIGITS = 9;

const commitName = /^[a-z0-9][a-z0-9_-]{0,80}$/;
/** Ids and nonces are parts of an object's name, with a `~` between them. */
const arrivalId = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/;
const arrivalNonce = /^[A-Za-z0-9_.-]{1,100}$/;

export const arrivalSchema = z.object({
  id: z.string().regex(arrivalId),
  /** Tells an arrival from another telling of the same id: what a crash left behind is not run again, what arrives again is looked at. */
  nonce: z.string().regex(arrivalNonce),
  recordedAt: z.string(),
  payload: z.unknown(),
});

export const leaseSchema = z.object({
  /** Null when released. */
  holder: z.string().nullable(),
  /** Grows with each change of hands. */
  epoch: z.int().min(1),
  /** Milliseconds since the epoch, by the holder's clock. */
  expiresAt: z.number(),
});

export const manifestSchema = z.object({
  /** `<commit>-<number>`: also names the work's effects, such as a job or an event. */
  id: z.string(),
  number: z.int().min(1),
  state: z.enum(['open', 'done', 'failed']),
  attempt: z.int().min(1),
  /** Unique to each taking up of an attempt. */
  claim: z.string().min(1),
  /** When the attempt was taken up, in milliseconds; null when it was given back because its start failed. */
  claimedAt: z.number().nullable(),
  /** The attempt's execution, where a job does the work and was started. */
  execution: z.string().nullable(),
  /** When the execution was first seen ended although nobody had reported it. */
  suspectedAt: z.number().nullable(),
  openedAt: z.number(),
  endedAt: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  arrivals: z
    .array(
      arrivalSchema.extend({
        /** Nonces of further tellings of the arrival that were on record when the manifest began. */
        repeats: z.array(z.string()).default([]),
      }),
    )
    .min(1),
});

export type StoredArrival = z.output<typeof arrivalSchema>;
export type LeaseState = z.output<typeof leaseSchema>;
export type StoredManifest = z.output<typeof manifestSchema>;

export interface Arrival<P> {
  readonly id: string;
  readonly nonce: string;
  readonly recordedAt: string;
  readonly payload: P;
}

/** An arrival that is in a manifest, and what else told of it by then. */
export interface TakenArrival<P> extends Arrival<P> {
  readonly repeats: readonly string[];
}

/** Milliseconds from when an arrival of the manifest was first put on record until the manifest began; the longest. Clocks may differ: never below 0. */
export function longestWaitMs({ openedAt, arrivals }: Manifest<unknown>): number {
  return Math.max(0, ...arrivals.map(({ recordedAt }) => openedAt - Date.parse(recordedAt)));
}

export type Manifest<P> = Readonly<Omit<StoredManifest, 'arrivals'>> & {
  readonly arrivals: readonly TakenArrival<P>[];
};

/** Object names of one commit. */
export class ControlNames {
  readonly root: string;
  readonly arrivals: string;
  readonly manifests: string;
  readonly lease: string;
  readonly #commit: string;

  constructor(commit: string) {
    if (!commitName.test(commit)) throw controlError(`"${commit}" cannot name a commit; use a-z 0-9 _ -`);
    this.#commit = commit;
    this.root = `${CONTROL}${commit}/`;
    this.arrivals = `${this.root}arrivals/`;
    this.manifests = `${this.root}manifests/`;
    this.lease = `${this.root}lease.json`;
  }

  arrival(id: string, nonce: string): string {
    if (!arrivalId.test(id)) throw controlError(`"${id}" cannot name an arrival; use up to 200 of A-Z a-z 0-9 _ . -`);
    return `${this.arrivals}${id}~${nonce}.json`;
  }

  manifest(number: number): string {
    return `${this.manifests}${String(number).padStart(NUMBER_DIGITS, '0')}.json`;
  }

  manifestId(number: number): string {
    return `${this.#commit}-${String(number).padStart(NUMBER_DIGITS, '0')}`;
  }

  /** The number in a manifest's id; undefined for an id of another commit. */
  numberOf(manifestId: string): number | undefined {
    const prefix = `${this.#commit}-`;
    const digits = manifestId.startsWith(prefix) ? manifestId.slice(prefix.length) : '';
    return /^\d{9,}$/.test(digits) ? Number(digits) : undefined;
  }
}

/** @throws {TributaryError} CONTROL_UNREADABLE: only the group commit writes there, so somebody else did or a format changed. */
export function parseControl<S extends z.ZodType>(schema: S, name: string, body: Buffer): z.output<S> {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    throw foreignObject(name, { cause: error });
  }
}

/** What lies in `control/` and was not written by the group commit of this version. */
export function foreignObject(name: string, options?: ErrorOptions): TributaryError {
  return controlError(
    `${name} in the lake is not what the group commit writes; look at it, and remove it if nothing needs it`,
    options,
  );
}

function controlError(message: string, options?: ErrorOptions): TributaryError {
  return new TributaryError('CONTROL_UNREADABLE', 'bug', message, options);
}
