/** Topics by role; the real name has the configured prefix. */
export type Topic = 'changes' | 'dead-letter' | 'features' | 'chain';

export interface BusMessage {
  /** Messages of one key arrive in the order they were published. */
  readonly orderingKey: string;
  /** CloudEvents attributes without prefix: id, type, source, subject, time, traceparent. docs/interfaces.md#bus */
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Buffer;
}

/** Where and when a received message was published. */
export interface ReceivedMessage extends BusMessage {
  /** Unique per topic. Kafka: `<partition>-<offset>`. */
  readonly messageId: string;
  readonly publishTime: Date;
}

export interface Subscription {
  /** Stops taking messages, waits for the handler at work, and leaves the rest to the next subscriber. */
  close(): Promise<void>;
}

/** Takes messages in the order they have per key; may get any of them again. */
export type BatchHandler = (batch: readonly ReceivedMessage[]) => Promise<void>;

/** The message bus, at least once. Errors: `TransientError` BUS_UNAVAILABLE. */
export interface Bus {
  /** Resolves once the bus has acknowledged every message; on rejection any part of them may have been published. */
  publish(topic: Topic, messages: readonly BusMessage[]): Promise<void>;
  /**
   * Hands batches to `handler` in order per key; a batch is acknowledged when the handler resolves and delivered again when it rejects.
   * @param group consumers of one group share the messages; each group gets all.
   */
  subscribe(
    topic: Topic,
    group: string,
    handler: (batch: readonly ReceivedMessage[]) => Promise<void>,
  ): Promise<Subscription>;
  close(): Promise<void>;
}

/** What is to become of a message that the bus keeps: it is to be forgotten; whoever has to has read it; or that is not known. */
export type Judge = (message: ReceivedMessage) => 'forget' | 'read' | 'unknown';

export interface ForgetOptions {
  readonly countOnly?: boolean;
}

export interface Forgotten {
  /** Messages to be forgotten. */
  readonly matches: number;
  readonly forgotten: number;
  /** Those behind a message that somebody has yet to read. */
  readonly left: number;
}
