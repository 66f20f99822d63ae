import { busError } from './errors.ts';
import type { BusMessage } from './port.ts';
import { MAX_MESSAGE_BYTES } from './topics.ts';

/**
 * What Pub/Sub takes of a message; Kafka would take more, and what passes on a laptop must pass in the cloud.
 * https://cloud.google.com/pubsub/quotas#resource_limits
 */
export const MESSAGE_LIMITS = {
  /** Of data, ordering key and attributes together. */
  bytes: MAX_MESSAGE_BYTES,
  attributes: 100,
  /** With the prefix of the binding. */
  attributeNameBytes: 256,
  attributeValueBytes: 1_024,
  orderingKeyBytes: 1_024,
} as const;

/** The longest prefix that a binding gives attributes: `ce-` on Pub/Sub, `ce_` on Kafka. */
const PREFIX_BYTES = 3;

/** Attributes beside those of the message: `content-type` on Kafka, and one that a bus may need. */
const OWN_ATTRIBUTES = 1;

/**
 * Refuses what one of the buses would refuse, before anything is sent.
 *
 * @param what the action, for people: `publish to tributary.changes`.
 * @throws {UserError} BUS_MESSAGE_TOO_LARGE, BUS_ATTRIBUTES_INVALID; neither quotes a value.
 */
export function checkLimits(what: string, messages: readonly BusMessage[]): void {
  for (const message of messages) {
    const { bytes, problem } = weigh(message);
    if (problem) throw busError('BUS_ATTRIBUTES_INVALID', what, new Error(problem));
    if (bytes > MESSAGE_LIMITS.bytes) {
      throw busError('BUS_MESSAGE_TOO_LARGE', what, new Error(`${bytes} bytes, at most ${MESSAGE_LIMITS.bytes}`));
    }
  }
}

function weigh({ data, orderingKey, attributes }: BusMessage): { bytes: number; problem?: string } {
  const entries = Object.entries(attributes);
  const keyBytes = Buffer.byteLength(orderingKey);
  let bytes = data.length + keyBytes;
  if (keyBytes > MESSAGE_LIMITS.orderingKeyBytes) {
    return { bytes, problem: `its ordering key has ${keyBytes} bytes, at most ${MESSAGE_LIMITS.orderingKeyBytes}` };
  }
  if (entries.length > MESSAGE_LIMITS.attributes - OWN_ATTRIBUTES) {
    return {
      bytes,
      problem: `it has ${entries.length} attributes, at most ${MESSAGE_LIMITS.attributes - OWN_ATTRIBUTES}`,
    };
  }
  // Pub/Sub refuses a message that has neither data nor attributes; Kafka would carry it.
  if (data.length === 0 && entries.length === 0) return { bytes, problem: 'it has neither data nor attributes' };
  for (const [name, value] of entries) {
    const [nameBytes, valueBytes] = [Buffer.byteLength(name) + PREFIX_BYTES, Buffer.byteLength(value)];
    bytes += nameBytes + valueBytes;
    if (name === '' || nameBytes > MESSAGE_LIMITS.attributeNameBytes) {
      return {
        bytes,
        problem: `the name of an attribute has ${nameBytes} bytes, at most ${MESSAGE_LIMITS.attributeNameBytes}`,
      };
    }
    if (valueBytes > MESSAGE_LIMITS.attributeValueBytes) {
      return {
        bytes,
        problem: `the attribute ${name} has ${valueBytes} bytes, at most ${MESSAGE_LIMITS.attributeValueBytes}`,
      };
    }
  }
  return { bytes };
}
