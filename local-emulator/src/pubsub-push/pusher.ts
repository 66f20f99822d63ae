import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@tributary/platform/log';
import { isAcknowledged, pushRequest } from './push-request.ts';
import type { PulledMessage, SubscriptionClient } from './rest-client.ts';

/** Requests an endpoint gets at once, as one small instance with concurrency would. */
const MAX_CONCURRENT = 16;

/** Between two looks at a subscription that had nothing. */
const IDLE_MS = 100;

/** An endpoint's longest time for a message, as the cloud's subscriptions give it. */
const ANSWER_LIMIT_MS = 600_000;

export interface PusherSettings {
  readonly subscription: string;
  readonly endpoint: string;
  /** How long a message is kept between renewals, in seconds. */
  readonly leaseSeconds: number;
  /** A fresh OIDC token for an audience. */
  readonly token: (audience: string) => string;
}

export interface PushStats {
  delivered: number;
  refused: number;
  inFlight: number;
}

/**
 * Delivers one push subscription, at least once.
 *
 * pulled → posted, its lease renewed meanwhile → acknowledged by 2xx; anything else, and no answer, refuses it: the server then delivers it again by the
 * subscription's retry policy, or after the last attempt puts it on the dead-letter topic. A kill of this process at any line leaves the message unacknowledged.
 */
export class Pusher {
  readonly stats: PushStats = { delivered: 0, refused: 0, inFlight: 0 };
  readonly #settings: PusherSettings;
  readonly #client: SubscriptionClient;
  readonly #log: Logger;

  constructor(settings: PusherSettings, client: SubscriptionClient, log: Logger) {
    this.#settings = settings;
    this.#client = client;
    this.#log = log.child({ subscription: settings.subscription });
  }

  /** Pushes until `stop`; resolves when the requests under way have ended. */
  async run(stop: AbortSignal): Promise<void> {
    const under = new Set<Promise<void>>();
    while (!stop.aborted) {
      const free = MAX_CONCURRENT - under.size;
      const messages = free > 0 ? await this.#pull(free) : [];
      for (const message of messages) {
        const pushing = this.#push(message, stop).finally(() => under.delete(pushing));
        under.add(pushing);
      }
      if (messages.length > 0) continue;
      await delay(IDLE_MS, undefined, { signal: stop }).catch(() => {});
    }
    await Promise.all(under);
  }

  /** Posts a message that is on no subscription, once: what is sent every few seconds needs no repetition. */
  async offer(message: PulledMessage): Promise<void> {
    try {
      const { status } = await this.#post(message, AbortSignal.timeout(ANSWER_LIMIT_MS));
      if (!isAcknowledged(status)) this.#log.warn({ status }, 'endpoint did not take an offer');
    } catch (error) {
      this.#log.debug({ err: error }, 'endpoint did not answer an offer');
    }
  }

  async #pull(maxMessages: number): Promise<readonly PulledMessage[]> {
    try {
      return await this.#client.pull(maxMessages);
    } catch (error) {
      this.#log.debug({ err: error }, 'Pub/Sub does not answer');
      return [];
    }
  }

  async #push(pulled: PulledMessage, stop: AbortSignal): Promise<void> {
    const { ackId, deliveryAttempt } = pulled;
    const about = { message: pulled.message.messageId, attempt: deliveryAttempt };
    const { leaseSeconds } = this.#settings;
    const lease = setInterval(
      () => {
        this.#client
          .extend(ackId, leaseSeconds)
          .catch((error: unknown) => this.#log.warn({ err: error, ...about }, 'lease not renewed'));
      },
      (leaseSeconds * 1_000) / 2,
    );
    try {
      const answer = await this.#post(pulled, AbortSignal.any([stop, AbortSignal.timeout(ANSWER_LIMIT_MS)])).catch(
        (error: Error) => ({ status: 0, text: error.message }),
      );
      clearInterval(lease);
      if (isAcknowledged(answer.status)) {
        await this.#client.acknowledge([ackId]);
        this.stats.delivered += 1;
        return;
      }
      this.stats.refused += 1;
      this.#log.warn({ ...about, status: answer.status, answer: answer.text }, 'message refused; it comes again');
      await this.#client.refuse(ackId);
    } catch (error) {
      // Not acknowledged: it comes again when its lease ends.
      this.#log.warn({ err: error, ...about }, 'Pub/Sub was not told what became of a message');
    } finally {
      clearInterval(lease);
    }
  }

  async #post(pulled: PulledMessage, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const { endpoint, subscription, token } = this.#settings;
    const { headers, body } = pushRequest(subscription, pulled, token(endpoint));
    this.stats.inFlight += 1;
    try {
      const response = await fetch(endpoint, { method: 'POST', headers, body, signal, redirect: 'manual' });
      return { status: response.status, text: (await response.text()).slice(0, 500) };
    } finally {
      this.stats.inFlight -= 1;
    }
  }
}
