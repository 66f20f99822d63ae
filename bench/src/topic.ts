import { randomUUID } from 'node:crypto';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';

/** A topic that gives nothing for this long while messages are missing means trouble, not slowness. */
const STALL_LIMIT_MS = 60_000;

/** kafkajs has a name for it that Node does not find among its exports. https://kafka.apache.org/protocol.html#The_Messages_AlterConfigs */
const TOPIC_RESOURCE = 2;

/** Next offset of each partition. */
export type Offsets = ReadonlyMap<number, number>;

/** Looks at one topic from outside. */
export class Topic {
  readonly #kafka: Kafka;
  readonly #name: string;

  constructor(brokers: string, name: string) {
    this.#kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
    this.#name = name;
  }

  async ends(): Promise<Offsets> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const partitions = await admin.fetchTopicOffsets(this.#name);
      return new Map(partitions.map(({ partition, high }) => [partition, Number(high)]));
    } finally {
      await admin.disconnect();
    }
  }

  /** Has the broker stamp each message with the time it took it, in place of the producer's. */
  async stampOnAppend(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: TOPIC_RESOURCE,
            name: this.#name,
            configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
          },
        ],
      });
    } finally {
      await admin.disconnect();
    }
  }

  /** Hands every message from `from` up to `to` to `take`, in no order across partitions. */
  async read(from: Offsets, to: Offsets, take: (message: KafkaMessage) => void): Promise<void> {
    const left = new Map([...to].filter(([partition, end]) => end > (from.get(partition) ?? 0)));
    if (left.size === 0) return;
    const consumer = this.#kafka.consumer({ groupId: `bench-${randomUUID()}`, maxBytesPerPartition: 8 * 2 ** 20 });
    await consumer.connect();
    await consumer.subscribe({ topic: this.#name, fromBeginning: true });
    let lastProgress = Date.now();
    try {
      await new Promise<void>((resolve, reject) => {
        const watch = setInterval(() => {
          if (left.size > 0 && Date.now() - lastProgress < STALL_LIMIT_MS) return;
          clearInterval(watch);
          if (left.size === 0) resolve();
          else reject(new Error(`Kafka gave nothing more of ${this.#name} for ${STALL_LIMIT_MS / 1_000} s`));
        }, 50);
        consumer
          .run({
            autoCommit: false,
            eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
              lastProgress = Date.now();
              const begin = from.get(batch.partition) ?? 0;
              const end = left.get(batch.partition);
              if (end === undefined) return;
              for (const message of batch.messages) {
                const offset = Number(message.offset);
                if (offset >= begin && offset < end) take(message);
              }
              resolveOffset(batch.lastOffset());
              await heartbeat();
              if (Number(batch.lastOffset()) >= end - 1) left.delete(batch.partition);
            },
          })
          .catch(reject);
      });
    } finally {
      await consumer.disconnect().catch(() => undefined);
    }
  }
}

/** Messages between two looks at a topic. */
export function between(from: Offsets, to: Offsets): number {
  return [...to].reduce((sum, [partition, end]) => sum + end - (from.get(partition) ?? 0), 0);
}
