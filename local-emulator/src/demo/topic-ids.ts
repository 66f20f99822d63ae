import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';

/** A topic that does not move for this long while messages are still missing means the broker is in trouble, not slow. */
const STALL_LIMIT_MS = 60_000;

/** The distinct event ids on a topic, by stream, together with how many messages carried them. */
export interface TopicContent {
  readonly messages: number;
  readonly idsByStream: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads a whole topic from its beginning to where it ends now, by its CloudEvents headers alone. */
export async function readTopic(brokers: string, topic: string): Promise<TopicContent> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const left = new Map(
    ends.filter((end) => Number(end.high) > Number(end.low)).map((end) => [end.partition, Number(end.high)]),
  );
  const idsByStream = new Map<string, Set<string>>();
  let messages = 0;
  if (left.size === 0) return { messages, idsByStream };

  const groupId = `reconcile-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let lastProgress = Date.now();
  try {
    await new Promise<void>((resolve, reject) => {
      const watch = setInterval(() => {
        if (left.size > 0 && Date.now() - lastProgress < STALL_LIMIT_MS) return;
        clearInterval(watch);
        if (left.size === 0) resolve();
        else
          reject(
            new Error(
              `Kafka gave nothing more of topic ${topic} for ${STALL_LIMIT_MS / 1000} s, with partitions ${[...left.keys()]} not read to their end`,
            ),
          );
      }, 50);
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            lastProgress = Date.now();
            const end = left.get(batch.partition);
            if (end === undefined) return;
            for (const message of batch.messages) {
              if (Number(message.offset) >= end) break;
              messages += 1;
              const id = String(message.headers?.ce_id ?? '');
              const stream = String(message.headers?.ce_subject ?? '');
              const ids = idsByStream.get(stream);
              if (ids === undefined) idsByStream.set(stream, new Set([id]));
              else ids.add(id);
            }
            if (Number(batch.lastOffset()) >= end - 1) left.delete(batch.partition);
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
  return { messages, idsByStream };
}

/** How many messages of a topic a consumer group has not acknowledged yet. */
export async function consumerLag(brokers: string, topic: string, groupId: string): Promise<number> {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, retry: { retries: 2 } }).admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
    const committed = new Map(group?.partitions.map((partition) => [partition.partition, Number(partition.offset)]));
    return ends.reduce(
      (lag, end) => lag + Math.max(0, Number(end.high) - Math.max(Number(end.low), committed.get(end.partition) ?? 0)),
      0,
    );
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
