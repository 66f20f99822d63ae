import type { Topic } from './port.ts';

/** Partitions of each topic on Kafka; docs/interfaces.md#bus. Pub/Sub has none: it scales by ordering key. */
export const TOPIC_PARTITIONS: Readonly<Record<Topic, number>> = {
  changes: 4,
  'dead-letter': 4,
  features: 4,
  chain: 1,
};

/** The largest message both buses carry. https://cloud.google.com/pubsub/quotas#resource_limits ("Publish request: 10 MB", attributes included) */
export const MAX_MESSAGE_BYTES = 10_000_000;
