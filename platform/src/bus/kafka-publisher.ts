import { setTimeout as delay } from 'node:timers/promises';
import { CompressionTypes, type Kafka, Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import type { Logger } from '../log/index.ts';
import { type BusErrorCode, busError } from './errors.ts';
import { sizeOf, toKafka } from './kafka-message.ts';
import { checkLimits } from './limits.ts';
import type { BusMessage } from './port.ts';

/**
 * Kafka refuses a record batch over `max.message.bytes` (1,048,588 unless set), and kafkajs makes one batch of all messages for a partition: requests stay below
 * it whatever the topic's setting. https://kafka.apache.org/documentation/#topicconfigs_max.message.bytes
 */
const MAX_REQUEST_BYTES = 900_000;

/** After that long without an acknowledgement publish rejects. Longer than a broker's restart (measured: 3-8 s), shorter than a caller's patience. */
const ACKNOWLEDGE_DEADLINE_MS = 45_000;

/** How often kafkajs tries again, within the deadline: 0.1 s, doubling, at most 4 s apart. */
const SEND_RETRIES = { retries: 8, initialRetryTime: 100, maxRetryTime: 4_000 };

/** Broker error types a repetition does not mend; everything else is taken as passing. https://kafka.apache.org/protocol#protocol_error_codes */
const PERMANENT: Readonly<Record<string, BusErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'BUS_TOPIC_MISSING',
  INVALID_TOPIC_EXCEPTION: 'BUS_TOPIC_MISSING',
  MESSAGE_TOO_LARGE: 'BUS_MESSAGE_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'BUS_MESSAGE_TOO_LARGE',
  TOPIC_AUTHORIZATION_FAILED: 'BUS_FORBIDDEN',
  CLUSTER_AUTHORIZATION_FAILED: 'BUS_FORBIDDEN',
};

interface Call {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  unacknowledged: number;
  failed: boolean;
}

interface Item {
  readonly topic: string;
  readonly message: BusMessage;
  readonly bytes: number;
  readonly call: Call;
}

/**
 * Publishes with one idempotent producer (acks from all replicas, no duplicates from the client's own retries), one request at a time: what arrives
 * while a request is under way goes together into the next, so throughput grows with load and the order of calls is the order on the bus.
 *
 * A producer whose request failed is thrown away. Its sequence numbers no longer match the broker's when that request was stored after all: the next
 * request of the same length would be taken for a repetition and acknowledged without being stored.
 */
export class KafkaPublisher {
  readonly #kafka: Kafka;
  readonly #log: Logger;
  readonly #queue: Item[] = [];
  #producer: Promise<Producer> | undefined;
  #draining: Promise<void> | undefined;

  constructor(kafka: Kafka, log: Logger) {
    this.#kafka = kafka;
    this.#log = log;
  }

  /**
   * @param topic the full topic name.
   * @throws BUS_UNAVAILABLE, BUS_TOPIC_MISSING, BUS_MESSAGE_TOO_LARGE, BUS_ATTRIBUTES_INVALID, BUS_FORBIDDEN; any part of the messages may have been published.
   */
  async publish(topic: string, messages: readonly BusMessage[]): Promise<void> {
    if (messages.length === 0) return;
    checkLimits(`publish to ${topic}`, messages);
    const sized = messages.map((message) => ({ topic, message, bytes: sizeOf(message) }));
    await new Promise<void>((resolve, reject) => {
      const call: Call = { resolve, reject, unacknowledged: sized.length, failed: false };
      for (const item of sized) this.#queue.push({ ...item, call });
      this.#draining ??= this.#drain().finally(() => {
        this.#draining = undefined;
      });
    });
  }

  /** Waits for what was published before, then disconnects. */
  async close(): Promise<void> {
    await this.#draining;
    await this.#discardProducer();
  }

  async #drain(): Promise<void> {
    for (let request = this.#takeRequest(); request.length > 0; request = this.#takeRequest()) {
      try {
        await this.#send(request);
        for (const { call } of request) {
          call.unacknowledged -= 1;
          if (call.unacknowledged === 0) call.resolve();
        }
      } catch (error) {
        await this.#discardProducer();
        const failure = asBusError(request[0]!.topic, error);
        for (const { call } of request) {
          call.failed = true;
          call.reject(failure);
        }
      }
    }
  }

  /** The longest run of waiting messages that fits a request; what belongs to a call that already failed is dropped, for its caller repeats all of it. */
  #takeRequest(): Item[] {
    const request: Item[] = [];
    let bytes = 0;
    let taken = 0;
    for (const item of this.#queue) {
      if (!item.call.failed) {
        // A message over the limit travels alone, so that a broker that refuses it refuses nothing else.
        if (request.length > 0 && bytes + item.bytes > MAX_REQUEST_BYTES) break;
        request.push(item);
        bytes += item.bytes;
      }
      taken += 1;
    }
    this.#queue.splice(0, taken);
    return request;
  }

  async #send(request: readonly Item[]): Promise<void> {
    const byTopic = new Map<string, TopicMessages>();
    for (const { topic, message } of request) {
      const entry = byTopic.get(topic) ?? { topic, messages: [] };
      byTopic.set(topic, entry);
      entry.messages.push(toKafka(message));
    }
    const sent = (async () => {
      const producer = await this.#connect();
      await producer.sendBatch({ acks: -1, compression: CompressionTypes.None, topicMessages: [...byTopic.values()] });
    })();
    await within(ACKNOWLEDGE_DEADLINE_MS, sent, 'the broker to acknowledge');
  }

  #connect(): Promise<Producer> {
    this.#producer ??= (async () => {
      const producer = this.#kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        // The partitioner of Kafka's Java client, so that the pipeline and the bridge agree on a key's partition.
        createPartitioner: Partitioners.DefaultPartitioner,
        retry: SEND_RETRIES,
      });
      await producer.connect();
      return producer;
    })();
    return this.#producer;
  }

  async #discardProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    try {
      await within(2_000, (await producer)?.disconnect() ?? Promise.resolve(), 'the producer to disconnect');
    } catch (error) {
      // Nothing is lost by it: whatever was not acknowledged has been rejected already.
      this.#log.debug({ err: error }, 'producer did not disconnect cleanly');
    }
  }
}

async function within<T>(milliseconds: number, work: Promise<T>, what: string): Promise<T> {
  const timer = new AbortController();
  const deadline = delay(milliseconds, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`waited ${milliseconds / 1_000} s for ${what}`);
  });
  // Either may lose the race and reject later, when nobody listens any more.
  deadline.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, deadline]);
  } finally {
    timer.abort();
  }
}

function asBusError(topic: string, error: unknown): Error {
  return busError(brokerErrorCode(error) ?? 'BUS_UNAVAILABLE', `publish to ${topic}`, error);
}

/** The permanent code of a kafkajs error, which may be wrapped in "retries exceeded". */
export function brokerErrorCode(error: unknown): BusErrorCode | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const { type } = e as { type?: string };
    if (type && PERMANENT[type]) return PERMANENT[type];
  }
  return undefined;
}
