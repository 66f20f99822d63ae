import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@tributary/platform/log';
import pLimit from 'p-limit';
import type { PostedEvent } from './cloud-events.ts';
import { post } from './post.ts';

/** Requests a function gets at once, as one small instance with concurrency would. */
const MAX_CONCURRENT = 16;

/** Pauses before an event is posted again; the last one repeats. Pub/Sub's own run from 10 to 600 s, too long where somebody waits. */
const RETRY_DELAYS_MS = [200, 500, 1_000, 2_000, 5_000];

/** An event that was answered with an error that often makes room for those behind it: soon where all events pass, later among those that failed before. */
export const ERRORS_IN_PLACE = { first: 4, postponed: 10 } as const;

/**
 * How long the events behind one wait for its answer. A function may take long on purpose: transform waits for loads to settle, and those loads' events are behind.
 * Pub/Sub pushes them side by side; here the one makes room by a copy at the end of the queue, which finds the work done.
 */
const MAKES_ROOM_AFTER_MS = 1_000;

/** Answers that ask to come back; all of 5xx do, too. https://cloud.google.com/pubsub/docs/handling-failures */
const COME_BACK = new Set([408, 429]);

/** Where an event goes that does not stay in its place. */
export interface Elsewhere {
  /** To the end of the queue. */
  postpone(event: PostedEvent): Promise<void>;
  /** The function will never take it. */
  refuse(event: PostedEvent, status: number, answer: string): Promise<void>;
}

export interface DeliveryStats {
  delivered: number;
  refused: number;
  postponed: number;
  inFlight: number;
  /** Events that wait to be posted again. */
  retrying: number;
}

/**
 * Delivers events to one function, at least once.
 *
 * posted, and then by the answer:
 * - 2xx: delivered.
 * - 4xx: refused; kept aside, not repeated.
 * - 5xx: posted again after a pause; after some errors postponed behind the others, for ever.
 * - none: posted again after a pause, for ever, in place: the function is down, and so it is for the others.
 * - none yet, though it was posted a while ago: a copy goes behind the others, who need not wait; the request itself goes on.
 */
export class FunctionDeliveries {
  readonly stats: DeliveryStats = { delivered: 0, refused: 0, postponed: 0, inFlight: 0, retrying: 0 };
  readonly #url: string;
  readonly #elsewhere: Elsewhere;
  readonly #stop: AbortSignal;
  readonly #log: Logger;
  readonly #limit = pLimit(MAX_CONCURRENT);

  constructor(url: string, elsewhere: Elsewhere, stop: AbortSignal, log: Logger) {
    this.#url = url;
    this.#elsewhere = elsewhere;
    this.#stop = stop;
    this.#log = log;
  }

  /** Resolves when every event was taken, refused or postponed; rejects, with the rest undelivered, when the process is to stop. */
  async deliver(events: readonly PostedEvent[], maxErrors: number): Promise<void> {
    await Promise.all(events.map((event) => this.#limit(() => this.#deliverOne(event, maxErrors))));
  }

  /** Posts once, without repeating; what is sent every few seconds needs none. */
  async offer(event: PostedEvent): Promise<void> {
    try {
      const { status, text } = await this.#post(event);
      if (status >= 300)
        this.#log.warn({ event: event.subject, status, answer: text }, 'function did not take an offer');
      else this.stats.delivered += 1;
    } catch (error) {
      this.#log.debug({ err: error, event: event.subject }, 'function did not answer an offer');
    }
  }

  async #deliverOne(event: PostedEvent, maxErrors: number): Promise<void> {
    let errors = 0;
    for (let attempt = 0; ; attempt += 1) {
      this.#stop.throwIfAborted();
      const request = this.#attempt(event);
      // Those that made room once already keep theirs.
      const outcome = maxErrors === ERRORS_IN_PLACE.first ? await orSlow(request) : await request;
      if (outcome.kind === 'slow') {
        // The request goes on; whatever comes of it, the copy stands for the event.
        await this.#elsewhere.postpone(event);
        this.stats.postponed += 1;
        return;
      }
      if (outcome.kind === 'taken') {
        this.stats.delivered += 1;
        if (attempt > 0) this.#log.info({ ...about(event), attempt: attempt + 1 }, 'event delivered at last');
        return;
      }
      if (outcome.kind === 'refused') {
        await this.#elsewhere.refuse(event, outcome.status, outcome.why);
        this.stats.refused += 1;
        this.#log.error({ ...about(event), status: outcome.status, answer: outcome.why }, 'function refused an event');
        return;
      }
      if (outcome.answered) errors += 1;
      if (errors >= maxErrors) {
        await this.#elsewhere.postpone(event);
        this.stats.postponed += 1;
        this.#log.warn({ ...about(event), attempt: attempt + 1, why: outcome.why }, 'event goes behind the others');
        return;
      }
      const wait = RETRY_DELAYS_MS[attempt] ?? RETRY_DELAYS_MS.at(-1)!;
      this.#log.warn(
        { ...about(event), attempt: attempt + 1, retryInMs: wait, why: outcome.why },
        'event not delivered',
      );
      this.stats.retrying += 1;
      await delay(wait, undefined, { signal: this.#stop }).finally(() => {
        this.stats.retrying -= 1;
      });
    }
  }

  async #attempt(event: PostedEvent): Promise<Outcome> {
    try {
      const { status, text } = await this.#post(event);
      if (status >= 200 && status < 300) return { kind: 'taken' };
      if (status >= 500 || COME_BACK.has(status)) return { kind: 'again', answered: true, why: `${status} ${text}` };
      return { kind: 'refused', status, why: text };
    } catch (error) {
      return { kind: 'again', answered: false, why: (error as Error).message };
    }
  }

  async #post(event: PostedEvent) {
    this.stats.inFlight += 1;
    try {
      return await post(this.#url, event, this.#stop);
    } finally {
      this.stats.inFlight -= 1;
    }
  }
}

/** The request's outcome, or `slow` where there is none after a while. */
async function orSlow(request: Promise<Outcome>): Promise<Outcome | { readonly kind: 'slow' }> {
  const answered = new AbortController();
  const slow = delay(MAKES_ROOM_AFTER_MS, { kind: 'slow' as const }, { signal: answered.signal }).catch(() => request);
  return await Promise.race([request, slow]).finally(() => answered.abort());
}

type Outcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly status: number; readonly why: string }
  | { readonly kind: 'again'; readonly answered: boolean; readonly why: string };

function about(event: PostedEvent): { event: string; id: string } {
  return { event: event.subject, id: event.id };
}
