import { z } from 'zod';
import { TributaryError } from '../errors/index.ts';

/**
 * What group commits keep in the lake:
 *
 *     control/arrivals/<commit>/<id>~<nonce>.json  one telling of a waiting piece of work; its presence is the whole of its state
 *     control/<commit>/lease.json                  who may turn arrivals into manifests just now
 *     control/<commit>/manifests/<number>.json     a group of arrivals worked on as one; the numbers say the order, and only the highest can be open
 *
 * Arrivals of all commits lie side by side, and stay until the manifest that has them ended: one listing, of nothing, says that nothing is under way.
 */
export const CONTROL = 'control/';
export const ARRIVALS = `${CONTROL}arrivals/`;

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

/** Long enough for a pause of the process or the lake, short enough not to be noticed much when a holder dies. */
export const DEFAULT_LEASE_MS = 15_000;

export const leaseSchema = z.object({
  /** Null when released. */
  holder: z.string().nullable(),
  /** How long the holder asks for at a time. */
  termMs: z.number().positive().default(DEFAULT_LEASE_MS),
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
  /** Attempts that count: not those whose start failed for a reason that may pass. */
  counted: z.int().min(0).default(1),
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

/** What the name of an arrival's object says. */
export type Telling = Pick<StoredArrival, 'id' | 'nonce'>;

/** An arrival that is in a manifest, and what else told of it by then. */
export interface TakenArrival<P> extends Arrival<P> {
  readonly repeats: readonly string[];
}

/** Milliseconds from when an arrival of the manifest was first put on record until the manifest began; the longest. Clocks may differ: never below 0. */
export function longestWaitMs({ openedAt, arrivals }: Manifest<unknown>): number {
  // Not by Math.max(...): a manifest may have more arrivals than a call may have arguments.
  return arrivals.reduce((longest, { recordedAt }) => Math.max(longest, openedAt - Date.parse(recordedAt)), 0);
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
    if (!commitName.test(commit) || `${CONTROL}${commit}/` === ARRIVALS)
      throw controlError(`"${commit}" cannot name a commit; use a-z 0-9 _ -`);
    this.#commit = commit;
    this.root = `${CONTROL}${commit}/`;
    this.arrivals = `${ARRIVALS}${commit}/`;
    this.manifests = `${this.root}manifests/`;
    this.lease = `${this.root}lease.json`;
  }

  arrival({ id, nonce }: Telling): string {
    if (!arrivalId.test(id)) throw controlError(`"${id}" cannot name an arrival; use up to 200 of A-Z a-z 0-9 _ . -`);
    return `${this.arrivals}${id}~${nonce}.json`;
  }

  /** @throws {TributaryError} CONTROL_UNREADABLE where the name is not one that `arrival` gives. */
  telling(name: string): Telling {
    const [, id, nonce] = /^(.+)~(.+)\.json$/.exec(name.slice(this.arrivals.length)) ?? [];
    if (id === undefined || nonce === undefined || !arrivalId.test(id) || !arrivalNonce.test(nonce)) {
      throw foreignObject(name);
    }
    return { id, nonce };
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
