import { type Admin, Kafka, logLevel } from 'kafkajs';
import pRetry from 'p-retry';
import { createLogger, type Logger } from '../log/index.ts';
import { busError } from './errors.ts';
import { forgetFromKafka } from './kafka-forget.ts';
import { KafkaPublisher } from './kafka-publisher.ts';
import { KafkaSubscription } from './kafka-subscription.ts';
import type { BatchHandler, BusMessage, ForgetOptions, Forgotten, Judge, Subscription, Topic } from './port.ts';
import { MAX_MESSAGE_BYTES } from './topics.ts';

export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
}

/** Room for the record batch's own framing above the largest message. */
const BATCH_OVERHEAD_BYTES = 100_000;

/**
 * The bus on Kafka; a `Bus` where T is `Topic`. Topics are `<prefix><role>`; they are created by `ensureTopics`, never by use.
 *
 * @typeParam T the roles of topics it serves; a process with topics of its own names them here and gives their partitions.
 */
export class KafkaBus<T extends string = Topic> {
  readonly #kafka: Kafka;
  readonly #prefix: string;
  readonly #partitions: Readonly<Record<T, number>>;
  readonly #log: Logger;
  readonly #publisher: KafkaPublisher;
  readonly #subscriptions = new Set<Subscription>();

  constructor(settings: KafkaSettings, partitions: Readonly<Record<T, number>>) {
    this.#log = createLogger('bus');
    this.#prefix = settings.topicPrefix;
    this.#partitions = partitions;
    this.#kafka = new Kafka({
      clientId: 'tributary',
      brokers: [...settings.brokers],
      connectionTimeout: 3_000,
      requestTimeout: 20_000,
      // Of the connection only, so that its retries and those of producer and consumer do not multiply.
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 },
      logLevel: logLevel.WARN,
      // kafkajs tells every passing fault as an error; what matters of them is thrown and logged by us. Its details may hold message bytes: left out.
      logCreator: () => (entry) => {
        const { message, groupId, broker } = entry.log as { message: string; groupId?: string; broker?: string };
        this.#log.debug({ namespace: entry.namespace, group: groupId, broker }, message);
      },
    });
    this.#publisher = new KafkaPublisher(this.#kafka, this.#log);
  }

  async publish(topic: T, messages: readonly BusMessage[]): Promise<void> {
    await this.#publisher.publish(this.#prefix + topic, messages);
  }

  async subscribe(topic: T, group: string, handler: BatchHandler): Promise<Subscription> {
    const subscription = new KafkaSubscription(this.#kafka, this.#prefix + topic, group, handler, this.#log);
    await subscription.start();
    this.#subscriptions.add(subscription);
    return {
      close: async () => {
        this.#subscriptions.delete(subscription);
        await subscription.close();
      },
    };
  }

  /** Creates the topics that are missing, with their partitions; existing ones stay as they are. Resolves when each has a leader. */
  async ensureTopics(): Promise<void> {
    const admin = this.#kafka.admin({ retry: { retries: 8, initialRetryTime: 200, maxRetryTime: 3_000 } });
    try {
      await admin.connect();
      const topics = Object.entries<number>(this.#partitions).map(([role, numPartitions]) => ({
        topic: this.#prefix + role,
        numPartitions,
        configEntries: [{ name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES + BATCH_OVERHEAD_BYTES) }],
      }));
      await admin.createTopics({ topics, waitForLeaders: false });
      await untilLed(admin, topics);
    } catch (error) {
      throw busError('BUS_UNAVAILABLE', `create the topics ${this.#prefix}*`, error);
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }

  /** @see ManagedBus.forget */
  async forget(topic: T, judge: Judge, options: ForgetOptions = {}): Promise<Forgotten> {
    const name = this.#prefix + topic;
    try {
      return await forgetFromKafka(this.#kafka, name, judge, options);
    } catch (error) {
      throw busError('BUS_UNAVAILABLE', `remove messages of ${name}`, error);
    }
  }

  /** How many messages of the topic the group has not acknowledged yet; of a group that never was, all. */
  async backlog(topic: T, group: string): Promise<number> {
    const name = this.#prefix + topic;
    const admin = this.#kafka.admin({ retry: { retries: 2 } });
    try {
      await admin.connect();
      const [offsets, committed] = await Promise.all([
        admin.fetchTopicOffsets(name),
        admin.fetchOffsets({ groupId: group, topics: [name] }),
      ]);
      const positions = new Map(committed[0]!.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
      let backlog = 0n;
      for (const { partition, high, low } of offsets) {
        // -1 stands for "none committed yet": the group begins at the oldest message.
        const position = positions.get(partition) ?? -1n;
        backlog += BigInt(high) - (position < 0n ? BigInt(low) : position);
      }
      return Number(backlog);
    } catch (error) {
      throw busError('BUS_UNAVAILABLE', `ask for the backlog of ${group} on ${name}`, error);
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#subscriptions.clear();
    await this.#publisher.close();
  }
}

/** The client's own wait gives up when a busy broker does not know a topic yet that it has just made. */
async function untilLed(
  admin: Admin,
  topics: readonly { readonly topic: string; readonly numPartitions: number }[],
): Promise<void> {
  await pRetry(
    async () => {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
      for (const { name, partitions } of found) {
        if (partitions.length === 0 || partitions.some(({ leader }) => leader < 0))
          throw new Error(`${name} has a partition without leader`);
      }
    },
    { retries: 12, minTimeout: 100, factor: 1.6, maxTimeout: 5_000 },
  );
}
