import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PubSubResources } from '../components/pubsub-resources.ts';
import { SubscriptionClient } from '../pubsub-push/rest-client.ts';
import { type BusObserver, FEATURE_PUSH_GROUP } from './bus-observer.ts';
import type { TopicContent } from './topic-ids.ts';

const IDLE_MS = 100;
const MAX_MESSAGES = 1_000;
const ACK_DEADLINE_SECONDS = 60;

/** Listens to the changes by a subscription of its own, all the time: the server forgets after ten minutes what nobody takes. */
export class PubSubAudit implements BusObserver {
  readonly #base: string;
  readonly #resources: PubSubResources;
  readonly #subscription: string;
  readonly #client: SubscriptionClient;
  readonly #onTheirWay: () => Promise<number>;
  readonly #stop = new AbortController();
  readonly #ids = new Map<string, Set<string>>();
  #messages = 0;
  #listening: Promise<void> | undefined;

  /** @param onTheirWay feature rows that are not on Pub/Sub yet */
  constructor(base: string, projectId: string, topicPrefix: string, onTheirWay: () => Promise<number>) {
    this.#onTheirWay = onTheirWay;
    this.#base = base;
    this.#resources = new PubSubResources(projectId, topicPrefix);
    this.#subscription = this.#resources.subscription('changes', 'audit');
    this.#client = new SubscriptionClient(base, this.#subscription);
  }

  async begin(): Promise<void> {
    const response = await fetch(`${this.#base}/v1/${this.#subscription}`, {
      method: 'PUT',
      body: JSON.stringify({ topic: this.#resources.topic('changes'), ackDeadlineSeconds: ACK_DEADLINE_SECONDS }),
    });
    if (!response.ok) throw new Error(`Pub/Sub refused the audit's subscription: ${await response.text()}`);
    this.#listening = this.#listen();
  }

  async changes(): Promise<TopicContent> {
    while ((await this.#unacknowledged(this.#subscription)) > 0) await sleep(IDLE_MS);
    return { messages: this.#messages, idsByStream: this.#ids };
  }

  async featuresWaiting(): Promise<number> {
    // In the order they pass, so that none is missed between the two.
    const onTheirWay = await this.#onTheirWay();
    return onTheirWay + (await this.#unacknowledged(this.#resources.subscription('features', FEATURE_PUSH_GROUP)));
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#listening;
  }

  async #listen(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const pulled = await this.#client.pull(MAX_MESSAGES).catch(() => []);
      for (const { message } of pulled) {
        const stream = message.attributes['ce-subject'] ?? '';
        const ids = this.#ids.get(stream) ?? new Set();
        this.#ids.set(stream, ids.add(message.attributes['ce-id'] ?? ''));
      }
      this.#messages += pulled.length;
      // Not acknowledged, it comes again, and is the same id.
      if (pulled.length > 0) await this.#client.acknowledge(pulled.map(({ ackId }) => ackId)).catch(() => undefined);
      else await sleep(IDLE_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #unacknowledged(subscription: string): Promise<number> {
    const response = await fetch(`${this.#base}/unacknowledged`);
    return z.record(z.string(), z.number()).parse(await response.json())[subscription] ?? 0;
  }
}
