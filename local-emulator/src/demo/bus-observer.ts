import type { BusConfig } from '@tributary/platform/config';
import { PubSubAudit } from './pubsub-audit.ts';
import { consumerLag, readTopic, type TopicContent } from './topic-ids.ts';

/** The group under which run-services/feast-server takes features off the bus. */
export const FEATURE_PUSH_GROUP = 'feature-push';
/** And that of local-emulator/src/pipeline-relay. */
const RELAY_GROUP = 'pipeline-relay';

/** What the demo has to know of the bus to say that everything passed it. */
export interface BusObserver {
  /** Before anything is written to the source. */
  begin(): Promise<void>;
  /** All changes that were ever published. */
  changes(): Promise<TopicContent>;
  /** Feature rows that are published and not online yet. */
  featuresWaiting(): Promise<number>;
  end(): Promise<void>;
}

/** The observer for a bus; Kafka keeps what was read, Pub/Sub has to be listened to from the beginning. */
export function observeBus(env: Readonly<Record<string, string>>, bus: BusConfig): BusObserver {
  const brokers = env.KAFKA_BROKERS ?? '';
  const features = `${bus.topicPrefix}features`;
  if (bus.adapter === 'pubsub') {
    // Feature rows come by Kafka, where the pipeline writes them.
    const relayed = () => consumerLag(brokers, features, RELAY_GROUP);
    return new PubSubAudit(env.PUBSUB_REST_URL ?? '', bus.projectId, bus.topicPrefix, relayed);
  }
  return {
    begin: async () => {},
    changes: () => readTopic(brokers, `${bus.topicPrefix}changes`),
    featuresWaiting: () => consumerLag(brokers, features, FEATURE_PUSH_GROUP),
    end: async () => {},
  };
}
