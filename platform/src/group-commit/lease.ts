import type { Lake } from '../lake/port.ts';
import type { Clock } from './clock.ts';
import { isPreconditionFailed } from './conditions.ts';
import { type LeaseState, leaseSchema, parseControl } from './format.ts';

export interface LeasePorts {
  readonly lake: Lake;
  readonly bucket: string;
  readonly clock: Clock;
}

export interface LeaseTerms {
  /** Unique to this taking of the lease. */
  readonly holder: string;
  readonly ttlMs: number;
}

/**
 * A lease that would last so many terms longer was written by a clock far ahead of this one (or this one was set back). Taking it costs some work done
 * twice; leaving it would keep everybody out until that time comes.
 */
const CREDIBLE_TERMS = 4;

/** The holder renews three times within the lease's life, so that one slow write does not lose it. */
const RENEWALS_PER_TERM = 3;

/**
 * The right to work on a commit, for a time. It keeps two processes from doing the same work at once; it does not make that impossible (clocks
 * differ, processes pause), so whatever is done under it is also guarded by conditional writes and is idempotent.
 */
export class Lease {
  readonly #ports: LeasePorts;
  readonly #name: string;
  readonly #terms: LeaseTerms;
  readonly #lost = new AbortController();
  #state: LeaseState;
  #token: string;

  private constructor(ports: LeasePorts, name: string, terms: LeaseTerms, state: LeaseState, token: string) {
    this.#ports = ports;
    this.#name = name;
    this.#terms = terms;
    this.#state = state;
    this.#token = token;
  }

  /** The lease, or undefined where somebody else holds it. */
  static async acquire(ports: LeasePorts, name: string, terms: LeaseTerms): Promise<Lease | undefined> {
    const { lake, bucket, clock } = ports;
    const found = await lake.read(bucket, name);
    const current = found && parseControl(leaseSchema, name, found.body);
    if (current && isHeld(current, clock.now())) return undefined;
    const { holder, ttlMs } = terms;
    const state = { holder, termMs: ttlMs, epoch: (current?.epoch ?? 0) + 1, expiresAt: clock.now() + ttlMs };
    const token = await writeLease(ports, name, state, found ? { ifMatch: found.object.token } : { ifAbsent: true });
    return token === undefined ? undefined : new Lease(ports, name, terms, state, token);
  }

  /** Aborts when somebody else was seen to hold the lease. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Makes the lease last its full term again; false where somebody else has taken it. */
  async renew(): Promise<boolean> {
    if (this.#lost.signal.aborted) return false;
    return this.#write({ ...this.#state, expiresAt: this.#ports.clock.now() + this.#terms.ttlMs });
  }

  /** Renews until `work` settles. A renewal that fails is tried again at the next turn: only another holder ends the lease. */
  async keepDuring<T>(work: () => Promise<T>): Promise<T> {
    const finished = new AbortController();
    const renewing = this.#keepRenewing(finished.signal);
    try {
      return await work();
    } finally {
      finished.abort();
      await renewing;
    }
  }

  async #keepRenewing(until: AbortSignal): Promise<void> {
    while (!until.aborted && !this.#lost.signal.aborted) {
      await this.#ports.clock.sleep(this.#terms.ttlMs / RENEWALS_PER_TERM, until);
      if (until.aborted) return;
      await this.renew().catch(() => false);
    }
  }

  /** Lets the next one in at once. Whoever cannot release leaves it to expire. */
  async release(): Promise<void> {
    if (!this.#lost.signal.aborted) await this.#write({ ...this.#state, holder: null, expiresAt: 0 });
  }

  async #write(state: LeaseState): Promise<boolean> {
    const token = await writeLease(this.#ports, this.#name, state, { ifMatch: this.#token });
    if (token === undefined) {
      this.#lost.abort();
      return false;
    }
    this.#state = state;
    this.#token = token;
    return true;
  }
}

/** Whether somebody has the lease, as far as a clock that says `now` can tell. */
export function isHeld({ holder, expiresAt, termMs }: LeaseState, now: number): boolean {
  const remaining = expiresAt - now;
  return holder !== null && remaining > 0 && remaining <= CREDIBLE_TERMS * termMs;
}

/** The written content's token; undefined where somebody else was first. */
async function writeLease(
  { lake, bucket }: LeasePorts,
  name: string,
  state: LeaseState,
  condition: { ifMatch: string } | { ifAbsent: true },
): Promise<string | undefined> {
  const body = JSON.stringify(state);
  try {
    return (await lake.write(bucket, name, body, { ...condition, contentType: 'application/json' })).token;
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
    // A write whose answer was lost is repeated by the client and then meets itself.
    const now = await lake.read(bucket, name);
    return now?.body.toString('utf8') === body ? now.object.token : undefined;
  }
}
