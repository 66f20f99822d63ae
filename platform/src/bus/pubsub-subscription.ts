import { setTimeout as delay } from 'node:timers/promises';
import type { Message, Subscription as PulledSubscription, SubscriberOptions } from '@google-cloud/pubsub';
import type { Logger } from '../log/index.ts';
import type { BatchHandler, BusMessage, ReceivedMessage, Subscription } from './port.ts';

/** CloudEvents attributes are Pub/Sub attributes with this prefix. https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md */
const ATTRIBUTE_PREFIX = 'ce-';

/** Messages handed over, and acknowledged, at once. */
const MAX_BATCH_MESSAGES = 500;

/** Delay before a broken streaming pull is opened again. */
const REOPEN_DELAY_MS = 2_000;

export function toPubSub(message: BusMessage): {
  data: Buffer;
  attributes: Record<string, string>;
  orderingKey?: string;
} {
  const attributes = Object.fromEntries(
    Object.entries(message.attributes).map(([name, value]) => [ATTRIBUTE_PREFIX + name, value]),
  );
  return {
    data: message.data,
    attributes,
    ...(message.orderingKey === '' ? {} : { orderingKey: message.orderingKey }),
  };
}

export function fromPubSub(message: Message): ReceivedMessage {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.attributes)) {
    if (name.startsWith(ATTRIBUTE_PREFIX)) attributes[name.slice(ATTRIBUTE_PREFIX.length)] = value;
  }
  return {
    orderingKey: message.orderingKey ?? '',
    attributes,
    data: message.data,
    messageId: message.id,
    publishTime: message.publishTime,
  };
}

/**
 * A streaming pull that hands over batches, one at a time, in the order of arrival.
 *
 * When the handler rejects, the batch is refused together with everything that waits behind it: Pub/Sub then delivers each key again from the refused
 * message on, so a later message never overtakes. The client extends the deadline of waiting messages (up to an hour) by itself.
 */
export class PubSubSubscription implements Subscription {
  /** Bounds what waits in memory; the rest stays with Pub/Sub, for other members of the group. */
  static readonly clientOptions: SubscriberOptions = {
    flowControl: { maxMessages: 2_000, maxBytes: 64 * 1024 * 1024 },
    // The next batch waits for the acknowledgements of this one; the client would hold them back for a tenth of a second.
    batching: { maxMilliseconds: 10 },
  };

  readonly #subscription: PulledSubscription;
  readonly #handler: BatchHandler;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #waiting: Message[] = [];
  #pumping: Promise<void> | undefined;

  constructor(subscription: PulledSubscription, handler: BatchHandler, log: Logger) {
    this.#subscription = subscription;
    this.#handler = handler;
    this.#log = log.child({ subscription: subscription.name });
    subscription.on('message', (message: Message) => this.#take(message));
    subscription.on('error', (error: Error) => void this.#reopen(error));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const message of this.#waiting.splice(0)) message.nack();
    await this.#pumping;
    await this.#subscription.close();
  }

  #take(message: Message): void {
    if (this.#closing.signal.aborted) {
      message.nack();
      return;
    }
    this.#waiting.push(message);
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
    });
  }

  async #pump(): Promise<void> {
    // What arrived in the same turn of the event loop goes together.
    await delay(0);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH_MESSAGES);
      try {
        await this.#handler(batch.map(fromPubSub));
      } catch (error) {
        const refused = [...batch, ...this.#waiting.splice(0)];
        this.#log.warn({ err: error, messages: refused.length }, 'handler rejected a batch; Pub/Sub delivers it again');
        for (const message of refused) message.nack();
        continue;
      }
      // A failed acknowledgement means one more delivery, which handlers must stand anyway.
      await Promise.all(
        batch.map((message) =>
          message.ackWithResponse().catch((error: unknown) => this.#log.warn({ err: error }, 'acknowledgement failed')),
        ),
      );
    }
  }

  async #reopen(error: Error): Promise<void> {
    this.#log.warn({ err: error, retryInMs: REOPEN_DELAY_MS }, 'streaming pull broke; opening it again');
    await delay(REOPEN_DELAY_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
    if (!this.#closing.signal.aborted) this.#subscription.open();
  }
}
