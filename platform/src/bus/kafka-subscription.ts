import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { TransientError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { busError } from './errors.ts';
import { fromKafka } from './kafka-message.ts';
import { brokerErrorCode } from './kafka-publisher.ts';
import type { BatchHandler, Subscription } from './port.ts';

/** Messages handed over, and acknowledged, at once: what a crash repeats at most per partition. */
const MAX_BATCH_MESSAGES = 500;

/** Delays before a rejected batch is delivered again; the last one repeats until the handler takes it. */
const REDELIVERY_DELAYS_MS = [200, 500, 1_000, 2_000, 5_000];

/** Delays before a consumer that the broker dropped is set up again; the last one repeats. */
const RESTART_DELAYS_MS = [200, 500, 1_000, 2_000, 5_000];

/** How long subscribing may take before it fails. */
const SUBSCRIBE_DEADLINE_MS = 30_000;

/** A killed consumer's partitions are taken over after that long. Kafka allows no less than 6 s (group.min.session.timeout.ms). */
const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 2_000;

/** How long the rest of a group waits for a handler at work when it rebalances. */
const REBALANCE_TIMEOUT_MS = 60_000;

/** How long `close` waits for a handler at work. What it does not finish is delivered again. */
const CLOSE_DEADLINE_MS = 60_000;

/** How many partitions are handled at the same time. */
const CONCURRENT_PARTITIONS = 4;

/**
 * One member of a consumer group on one topic.
 *
 * A batch goes: fetched → handler → (rejected: wait, same batch again) → offset committed → next. The offset is committed only after the handler
 * resolved, so whatever dies in between, the batch comes again, here or at another member. While a handler works, heartbeats keep the membership; when the group
 * rebalances meanwhile, the handler ends, its offset is committed, and only then this member joins again. kafkajs may fetch a partition anew while its
 * handler is still at work (it rejoins as soon as any heartbeat says so); the handlers of a partition therefore queue up, so its order holds.
 * A consumer that crashes is replaced, for ever, with a warning each time.
 */
export class KafkaSubscription implements Subscription {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #group: string;
  readonly #handler: BatchHandler;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #partitions = new Map<number, Promise<void>>();
  #consumer: Consumer | undefined;
  #restarting: Promise<void> | undefined;

  constructor(kafka: Kafka, topic: string, group: string, handler: BatchHandler, log: Logger) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#group = group;
    this.#handler = handler;
    this.#log = log.child({ topic, group });
  }

  /**
   * Resolves when the group has given this member its partitions. A group without committed offsets starts at the oldest message.
   *
   * A broker that has just started answers for seconds that its coordinator is not there yet; such faults are waited out.
   */
  async start(): Promise<void> {
    const deadline = Date.now() + SUBSCRIBE_DEADLINE_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#join();
        return;
      } catch (error) {
        const wait = RESTART_DELAYS_MS[attempt] ?? RESTART_DELAYS_MS.at(-1)!;
        if (!(error instanceof TransientError) || Date.now() + wait > deadline) throw error;
        this.#log.debug({ err: error, attempt: attempt + 1 }, 'could not join the group yet; trying again');
        await this.#pause(wait);
      }
    }
  }

  async #join(): Promise<void> {
    const consumer = this.#kafka.consumer({
      groupId: this.#group,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      // The broker answers at once when there is something; this bounds an idle wait, and with it how long closing takes.
      maxWaitTimeInMs: 500,
      allowAutoTopicCreation: false,
      // Restarting is done here, in one place, whatever kafkajs thinks of the error.
      retry: { retries: 3, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    let crash: Error | undefined;
    let running = false;
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      crash = payload.error;
      if (running) this.#scheduleRestart(payload.error);
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: this.#topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
        eachBatch: (payload) => this.#queueUp(payload),
      });
      // run() resolves also when joining the group failed; the crash event is the only sign of it.
      if (crash) throw crash;
      running = true;
    } catch (error) {
      await consumer.disconnect().catch(() => {});
      throw busError(
        brokerErrorCode(error) ?? 'BUS_UNAVAILABLE',
        `subscribe to ${this.#topic} as ${this.#group}`,
        error,
      );
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#restarting;
    const consumer = this.#consumer;
    if (!consumer) return;
    const stopped = consumer.stop().then(() => consumer.disconnect());
    stopped.catch(() => {});
    const timer = new AbortController();
    const timedOut = delay(CLOSE_DEADLINE_MS, 'timed out' as const, { signal: timer.signal }).catch(() => undefined);
    const outcome = await Promise.race([stopped.catch(() => undefined), timedOut]);
    timer.abort();
    if (outcome === 'timed out') {
      this.#log.warn(
        { seconds: CLOSE_DEADLINE_MS / 1_000 },
        'handler still at work; its batch will be delivered again',
      );
    }
  }

  #scheduleRestart(cause: Error): void {
    if (this.#closing.signal.aborted || this.#restarting) return;
    this.#log.warn({ err: cause }, 'consumer lost its broker; setting it up again');
    this.#restarting = this.#restart().finally(() => {
      this.#restarting = undefined;
    });
  }

  async #restart(): Promise<void> {
    for (let attempt = 0; !this.#closing.signal.aborted; attempt += 1) {
      await this.#pause(RESTART_DELAYS_MS[attempt] ?? RESTART_DELAYS_MS.at(-1)!);
      if (this.#closing.signal.aborted) return;
      try {
        await this.#join();
        this.#log.info({ attempt: attempt + 1 }, 'consumer is back');
        return;
      } catch (error) {
        this.#log.warn({ err: error, attempt: attempt + 1 }, 'consumer could not be set up; trying again');
      }
    }
  }

  #queueUp(payload: EachBatchPayload): Promise<void> {
    const { partition } = payload.batch;
    const before = this.#partitions.get(partition) ?? Promise.resolve();
    const mine = before.then(() => this.#deliver(payload));
    this.#partitions.set(
      partition,
      mine.catch(() => {}),
    );
    return mine;
  }

  async #deliver(payload: EachBatchPayload): Promise<void> {
    const { messages } = payload.batch;
    for (let from = 0; from < messages.length; from += MAX_BATCH_MESSAGES) {
      const part = messages.slice(from, from + MAX_BATCH_MESSAGES);
      if (!(await this.#deliverPart(payload, part))) return;
    }
  }

  /** False when this member is leaving, with the part unacknowledged. Throws when it has to join its group again. */
  async #deliverPart(payload: EachBatchPayload, part: readonly KafkaMessage[]): Promise<boolean> {
    const { topic, partition } = payload.batch;
    const batch = part.map((message) => fromKafka(partition, message));
    const last = part.at(-1)!.offset;
    let lost: unknown;
    const beat = () => payload.heartbeat().catch((error: unknown) => (lost ??= error));
    // kafkajs beats between batches only; a handler may take longer than the session.
    const heartbeats = setInterval(beat, HEARTBEAT_INTERVAL_MS);
    try {
      for (let attempt = 0; ; attempt += 1) {
        if (this.#closing.signal.aborted || !payload.isRunning() || payload.isStale()) return false;
        try {
          await this.#handler(batch);
          break;
        } catch (error) {
          const wait = REDELIVERY_DELAYS_MS[attempt] ?? REDELIVERY_DELAYS_MS.at(-1)!;
          this.#log.warn(
            { err: error, partition, offset: last, messages: batch.length, attempt: attempt + 1, retryInMs: wait },
            'handler rejected a batch; delivering it again',
          );
          await this.#pause(wait);
          if (lost) throw lost;
        }
      }
      const next = (BigInt(last) + 1n).toString();
      await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] });
      payload.resolveOffset(last);
      if (lost) throw lost;
      return true;
    } finally {
      clearInterval(heartbeats);
    }
  }

  /** Sleeps; closing cuts it short. */
  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}
