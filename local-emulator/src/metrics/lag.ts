import { set } from '@tributary/platform/metrics';
import { type Admin, Kafka, logLevel } from 'kafkajs';

/**
 * Says how far each consumer group is behind, as Pub/Sub does by itself. The pipeline is not among them: its position is in its checkpoints alone, and
 * what KafkaIO says of its backlog is of before its last read.
 */
export class LagReporter {
  readonly #admin: Admin;
  readonly #topicPrefix: string;

  constructor(brokers: readonly string[], topicPrefix: string) {
    this.#admin = new Kafka({ brokers: [...brokers], clientId: 'metrics', logLevel: logLevel.NOTHING }).admin();
    this.#topicPrefix = topicPrefix;
  }

  /** Sets `tributary.bus.lag` of every group and topic that it has read. */
  async report(): Promise<void> {
    // Does nothing where it is connected; a broker may have been away since the last time.
    await this.#admin.connect();
    const topics = (await this.#admin.listTopics()).filter((topic) => topic.startsWith(this.#topicPrefix));
    const ends = new Map<string, Map<number, number>>();
    for (const topic of topics) {
      const offsets = await this.#admin.fetchTopicOffsets(topic);
      ends.set(topic, new Map(offsets.map(({ partition, high }) => [partition, Number(high)])));
    }
    const { groups } = await this.#admin.listGroups();
    for (const { groupId: group } of groups) {
      for (const { topic, partitions } of await this.#admin.fetchOffsets({ groupId: group, topics })) {
        // -1: the group has not read that partition, and where it has read none the topic is none of its own.
        const read = partitions.filter(({ offset }) => Number(offset) >= 0);
        if (read.length === 0) continue;
        const behind = read.map(({ partition, offset }) => (ends.get(topic)?.get(partition) ?? 0) - Number(offset));
        const lag = behind.reduce((sum, each) => sum + Math.max(0, each), 0);
        set('tributary.bus.lag', lag, { topic: topic.slice(this.#topicPrefix.length), group });
      }
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}
