import { toKafka } from '@tributary/platform/bus';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { type Expected, shopChanges } from './shop-changes.ts';

const BATCH = 4_000;
/** Creates a topic of four partitions and fills it with the changes of a shop, so that whoever reads it meets a backlog. */
export async function fillTopic(
  brokers: string,
  topic: string,
  events: number,
): Promise<Expected & { readonly megabytes: number; readonly seconds: number }> {
  const began = Date.now();
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  let bytes = 0;
  let sending: Promise<unknown> = Promise.resolve();
  // One batch is made while the broker writes the one before; never two at once, which might change places.
  const send = async (messages: Message[]): Promise<void> => {
    await sending;
    sending = producer.send({ topic, acks: 1, messages });
    // Its failure is met at the next await.
    sending.catch(() => undefined);
  };
  try {
    const changes = shopChanges(events);
    let batch: Message[] = [];
    for (;;) {
      const next = changes.next();
      if (next.done === true) {
        await send(batch);
        await sending;
        return { ...next.value, megabytes: bytes / 2 ** 20, seconds: (Date.now() - began) / 1_000 };
      }
      const { message, partition } = next.value;
      bytes += message.data.length;
      batch.push(partition === undefined ? toKafka(message) : { ...toKafka(message), partition });
      if (batch.length === BATCH) {
        await send(batch);
        batch = [];
      }
    }
  } finally {
    await producer.disconnect();
  }
}
