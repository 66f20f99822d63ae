import type { BusConfig } from '../config/index.ts';
import { KafkaBus } from './kafka.ts';
import type { Bus, ForgetOptions, Forgotten, Judge, Topic } from './port.ts';
import { PubSubBus } from './pubsub.ts';
import { TOPIC_PARTITIONS } from './topics.ts';

export type { BusErrorCode } from './errors.ts';
export { KafkaBus, type KafkaSettings } from './kafka.ts';
export { toKafka } from './kafka-message.ts';
export { MESSAGE_LIMITS } from './limits.ts';
export type {
  BatchHandler,
  Bus,
  BusMessage,
  ForgetOptions,
  Forgotten,
  Judge,
  ReceivedMessage,
  Subscription,
  Topic,
} from './port.ts';
export { toPubSub } from './pubsub-subscription.ts';
export { MAX_MESSAGE_BYTES, TOPIC_PARTITIONS } from './topics.ts';

/** A bus that can also be set up. */
export interface ManagedBus extends Bus {
  /** Creates the topics of docs/interfaces.md#bus that are missing; existing ones stay as they are. In the cloud Terraform does it. */
  ensureTopics(): Promise<void>;
  /**
   * Removes messages that the bus keeps though they were read; no message goes that somebody has yet to read, unless it is to be forgotten itself. A bus may only be able
   * to remove what is before such a message as well. Pub/Sub keeps nothing that was acknowledged, save where a topic has a retention of its own, whose days are
   * its configuration's.
   */
  forget(topic: Topic, judge: Judge, options?: ForgetOptions): Promise<Forgotten>;
}

/**
 * The bus that the configuration selects: `createBus(readConfig('bus').bus)`. Nothing connects before it is used.
 *
 * Errors of every method: {@link BusErrorCode}.
 */
export function createBus(config: BusConfig): ManagedBus {
  switch (config.adapter) {
    case 'kafka':
      return new KafkaBus(config, TOPIC_PARTITIONS);
    case 'pubsub':
      return new PubSubBus(config);
  }
}

/** Creates the missing topics of the bus that the configuration selects: `ensureTopics(readConfig('bus').bus)`. */
export async function ensureTopics(config: BusConfig): Promise<void> {
  const bus = createBus(config);
  try {
    await bus.ensureTopics();
  } finally {
    await bus.close();
  }
}
