import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import { fromKafka } from './kafka-message.ts';
import type { ForgetOptions, Forgotten, Judge } from './port.ts';

/** What one partition holds. */
interface Scan {
  /** The offset after the last message there was. */
  readonly end: bigint;
  /** Before this offset every consumer group has read all. */
  readonly readTo: bigint;
  matches: number;
  forgotten: number;
  /** Offsets before this one may go. */
  cut: bigint;
  /** Whether a message was met that somebody has yet to read. */
  stopped: boolean;
}

/**
 * Cuts a topic's log off after the last message to be forgotten, as far as everything before has been read or is to be forgotten itself: Kafka removes records
 * from a log's beginning only. The bytes go with the segment that holds them.
 */
export async function forgetFromKafka(
  kafka: Kafka,
  topic: string,
  judge: Judge,
  { countOnly = false }: ForgetOptions,
): Promise<Forgotten> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const scans = await partitionsOf(admin, topic);
    await scan(kafka, admin, topic, judge, scans);
    const all = [...scans.values()];
    const cuts = [...scans].filter(([, { cut }]) => cut > 0n);
    if (!countOnly && cuts.length > 0) {
      await admin.deleteTopicRecords({
        topic,
        partitions: cuts.map(([partition, { cut }]) => ({ partition, offset: String(cut) })),
      });
    }
    const sum = (count: (scan: Scan) => number) => all.reduce((total, each) => total + count(each), 0);
    const matches = sum((each) => each.matches);
    const forgotten = countOnly ? 0 : sum((each) => each.forgotten);
    return { matches, forgotten, left: matches - forgotten };
  } finally {
    await admin.disconnect();
  }
}

async function partitionsOf(admin: Admin, topic: string): Promise<Map<number, Scan>> {
  const readTo = await committedOffsets(admin, topic);
  const scans = new Map<number, Scan>();
  for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
    if (BigInt(high) <= BigInt(low)) continue;
    scans.set(partition, {
      end: BigInt(high),
      readTo: readTo.get(partition) ?? 0n,
      matches: 0,
      forgotten: 0,
      cut: 0n,
      stopped: false,
    });
  }
  return scans;
}

/** The smallest offset that any group has committed, by partition; groups that never committed here do not count. */
async function committedOffsets(admin: Admin, topic: string): Promise<Map<number, bigint>> {
  const least = new Map<number, bigint>();
  for (const { groupId } of (await admin.listGroups()).groups) {
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
    for (const { partition, offset } of committed?.partitions ?? []) {
      const at = BigInt(offset);
      const known = least.get(partition);
      if (at >= 0n && (known === undefined || at < known)) least.set(partition, at);
    }
  }
  return least;
}

async function scan(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  judge: Judge,
  scans: ReadonlyMap<number, Scan>,
): Promise<void> {
  const unread = new Set(scans.keys());
  if (unread.size === 0) return;
  const groupId = `tributary-forget-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            try {
              const seen = scans.get(batch.partition);
              for (const message of seen ? batch.messages : []) {
                const at = BigInt(message.offset);
                if (at < seen!.end) take(seen!, at, judge(fromKafka(batch.partition, message)));
              }
              if (!seen || BigInt(batch.lastOffset()) >= seen.end - 1n) unread.delete(batch.partition);
              if (unread.size === 0) resolve();
            } catch (error) {
              reject(error);
            }
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
    // It committed nothing; a name for each scan would stay for a week otherwise.
    await admin.deleteGroups([groupId]).catch(() => {});
  }
}

function take(seen: Scan, at: bigint, verdict: ReturnType<Judge>): void {
  if (verdict === 'forget') {
    seen.matches += 1;
    if (!seen.stopped) {
      seen.forgotten += 1;
      seen.cut = at + 1n;
    }
  } else if (verdict !== 'read' && at >= seen.readTo) {
    seen.stopped = true;
  }
}
