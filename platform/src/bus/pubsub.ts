import type { PublishOptions, PubSub, Topic as PubSubTopic } from '@google-cloud/pubsub';
import { createLogger, type Logger } from '../log/index.ts';
import { type BusErrorCode, busError } from './errors.ts';
import { checkLimits } from './limits.ts';
import type { BatchHandler, Bus, BusMessage, Forgotten, Subscription, Topic } from './port.ts';
import { PubSubSubscription, toPubSub } from './pubsub-subscription.ts';
import { TOPIC_PARTITIONS } from './topics.ts';

export interface PubSubSettings {
  readonly projectId: string;
  readonly topicPrefix: string;
  /** `host:port` of an emulator; absent in the cloud. */
  readonly endpoint?: string | undefined;
}

/** Messages on their way at once for one call of publish: bounds memory, and is more than one request holds (1,000 messages). https://cloud.google.com/pubsub/quotas#resource_limits */
const MAX_OUTSTANDING = 1_000;

/** https://grpc.io/docs/guides/status-codes/ */
const GRPC = { NOT_FOUND: 5, ALREADY_EXISTS: 6, PERMISSION_DENIED: 7, UNAUTHENTICATED: 16 } as const;

/** The client's own ten minutes would keep a caller, and whoever waits for it, for as long as the bus is away; whoever publishes repeats it. */
const PUBLISH_DEADLINE_MS = 20_000;

/** https://cloud.google.com/pubsub/docs/retry-requests */
const PUBLISH_RETRIES: NonNullable<PublishOptions['gaxOpts']> = {
  retry: {
    // Deadline exceeded, resource exhausted, aborted, internal, unavailable.
    retryCodes: [4, 8, 10, 13, 14],
    backoffSettings: {
      initialRetryDelayMillis: 100,
      retryDelayMultiplier: 2,
      maxRetryDelayMillis: 4_000,
      initialRpcTimeoutMillis: 10_000,
      rpcTimeoutMultiplier: 1.5,
      maxRpcTimeoutMillis: 30_000,
      totalTimeoutMillis: PUBLISH_DEADLINE_MS,
    },
  },
};

/** What the client gives up on without it being the caller's fault is passing; these are not. */
const PERMANENT: ReadonlyMap<number, BusErrorCode> = new Map([
  [GRPC.NOT_FOUND, 'BUS_TOPIC_MISSING'],
  [GRPC.PERMISSION_DENIED, 'BUS_FORBIDDEN'],
  [GRPC.UNAUTHENTICATED, 'BUS_FORBIDDEN'],
]);

/** Settings of a subscription that did not exist yet. */
const SUBSCRIPTION_DEFAULTS = {
  enableMessageOrdering: true,
  ackDeadlineSeconds: 60,
  // Redelivery after a rejection waits within these bounds.
  retryPolicy: { minimumBackoff: { seconds: 1 }, maximumBackoff: { seconds: 10 } },
  // Never: a feature server that was off for a month still finds its subscription.
  expirationPolicy: { ttl: null },
};

/** The bus on Google Cloud Pub/Sub, with message ordering. A group is the subscription `<topic>.<group>`. */
export class PubSubBus implements Bus {
  readonly #settings: PubSubSettings;
  readonly #log: Logger;
  readonly #topics = new Map<string, PubSubTopic>();
  readonly #subscriptions = new Set<Subscription>();
  #client: Promise<PubSub> | undefined;

  constructor(settings: PubSubSettings) {
    this.#settings = settings;
    this.#log = createLogger('bus');
  }

  async publish(topic: Topic, messages: readonly BusMessage[]): Promise<void> {
    const handle = await this.#topic(topic);
    checkLimits(`publish to ${handle.name}`, messages);
    for (let from = 0; from < messages.length; from += MAX_OUTSTANDING) {
      await this.#publishPart(handle, messages.slice(from, from + MAX_OUTSTANDING));
    }
  }

  async #publishPart(topic: PubSubTopic, messages: readonly BusMessage[]): Promise<void> {
    const what = `publish to ${topic.name}`;
    const outcomes = await Promise.allSettled(messages.map((message) => topic.publishMessage(toPubSub(message))));
    let failure: unknown;
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') continue;
      failure ??= outcome.reason;
      // After a failure the client refuses a key until told otherwise, so that nothing overtakes; the caller repeats all of it in order.
      const { orderingKey } = messages[index]!;
      if (orderingKey !== '') topic.resumePublishing(orderingKey);
    }
    if (failure !== undefined) throw busError(codeOf(failure), what, failure);
  }

  async subscribe(topic: Topic, group: string, handler: BatchHandler): Promise<Subscription> {
    const handle = await this.#topic(topic);
    const name = `${this.#settings.topicPrefix}${topic}.${group}`;
    const subscription = handle.subscription(name, PubSubSubscription.clientOptions);
    try {
      await subscription.create(SUBSCRIPTION_DEFAULTS).catch(ignoreMade);
    } catch (error) {
      throw busError(codeOf(error), `subscribe to ${handle.name} as ${group}`, error);
    }
    const pull = new PubSubSubscription(subscription, handler, this.#log);
    this.#subscriptions.add(pull);
    return {
      close: async () => {
        this.#subscriptions.delete(pull);
        await pull.close();
      },
    };
  }

  /** Creates the topics that are missing. */
  async ensureTopics(): Promise<void> {
    const client = await this.#connect();
    for (const role of Object.keys(TOPIC_PARTITIONS)) {
      const name = this.#settings.topicPrefix + role;
      try {
        await client.createTopic(name).catch(ignoreExisting);
      } catch (error) {
        throw busError(codeOf(error), `create the topic ${name}`, error);
      }
    }
  }

  /** Acknowledged messages are gone, and others cannot be looked at without taking them. @see ManagedBus.forget */
  async forget(): Promise<Forgotten> {
    return { matches: 0, forgotten: 0, left: 0 };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#subscriptions.clear();
    if (this.#client) await (await this.#client).close();
  }

  async #topic(role: Topic): Promise<PubSubTopic> {
    const client = await this.#connect();
    let topic = this.#topics.get(role);
    if (!topic) {
      topic = client.topic(this.#settings.topicPrefix + role, { messageOrdering: true, gaxOpts: PUBLISH_RETRIES });
      this.#topics.set(role, topic);
    }
    return topic;
  }

  /** The client is loaded on first use: it costs a third of a second, which a process on the other bus should not pay at every cold start. */
  #connect(): Promise<PubSub> {
    this.#client ??= (async () => {
      const { projectId, endpoint } = this.#settings;
      const { PubSub } = await import('@google-cloud/pubsub');
      if (!endpoint) return new PubSub({ projectId });
      // An emulator asks for no credentials; without this the client looks for some, on the network too.
      const { PassThroughClient } = await import('google-auth-library');
      return new PubSub({ projectId, apiEndpoint: endpoint, authClient: new PassThroughClient() });
    })();
    return this.#client;
  }
}

function codeOf(error: unknown): BusErrorCode {
  return PERMANENT.get((error as { code?: number }).code ?? -1) ?? 'BUS_UNAVAILABLE';
}

function ignoreExisting(error: { code?: number }): void {
  if (error.code !== GRPC.ALREADY_EXISTS) throw error;
}

/** In the cloud a subscriber's account may take messages and make nothing: Terraform made the subscription. Where it did not, the pull says so. */
function ignoreMade(error: { code?: number }): void {
  if (error.code !== GRPC.PERMISSION_DENIED) ignoreExisting(error);
}
