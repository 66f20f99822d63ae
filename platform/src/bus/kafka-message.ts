import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import type { BusMessage, ReceivedMessage } from './port.ts';

/** CloudEvents Kafka binding, binary mode: attributes are headers with this prefix. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#32-binary-content-mode */
const ATTRIBUTE_PREFIX = 'ce_';

/** A message as Kafka stores it. An empty ordering key becomes no key, so that unordered messages spread over the partitions. */
export function toKafka(message: BusMessage): Message {
  const headers: IHeaders = { 'content-type': 'application/json' };
  for (const [name, value] of Object.entries(message.attributes)) headers[ATTRIBUTE_PREFIX + name] = value;
  return { key: message.orderingKey === '' ? null : message.orderingKey, value: message.data, headers };
}

/** A message as it came from Kafka; headers that are no CloudEvents attribute are left out. */
export function fromKafka(partition: number, message: KafkaMessage): ReceivedMessage {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    if (!name.startsWith(ATTRIBUTE_PREFIX) || value === undefined) continue;
    // A header may be repeated; CloudEvents knows no lists, and the last one wins as in a map.
    const last = Array.isArray(value) ? value.at(-1) : value;
    attributes[name.slice(ATTRIBUTE_PREFIX.length)] = String(last);
  }
  return {
    orderingKey: message.key?.toString('utf8') ?? '',
    attributes,
    // A tombstone has no value; no producer of ours writes one, yet a stray one must not stop a consumer.
    data: message.value ?? Buffer.alloc(0),
    messageId: `${partition}-${message.offset}`,
    publishTime: new Date(Number(message.timestamp)),
  };
}

/** What a message takes in a record batch: an upper bound, by a few bytes for each header's lengths. */
export function sizeOf(message: BusMessage): number {
  let bytes = message.data.length + Buffer.byteLength(message.orderingKey) + 64;
  for (const [name, value] of Object.entries(message.attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + ATTRIBUTE_PREFIX.length + 8;
  }
  return bytes;
}
