import type { BusMessage } from '@tributary/platform/bus';
import { unavailable } from '../http/errors.ts';

/** Messages of one batch: as many as the bus hands over at once where it is read. */
const MAX_BATCH_MESSAGES = 500;

/** Messages that wait behind the batch at work. Pub/Sub sends again what is answered 503, and slows down. */
const MAX_WAITING_MESSAGES = 5_000;

interface Waiting {
  readonly message: BusMessage;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes batches of messages that come one a request, as Pub/Sub pushes them.
 *
 * One batch is at work at a time. What comes meanwhile waits, and is the next batch, whole or its first five hundred; so a message that comes alone is not held up,
 * and under load batches grow by themselves. A message's promise settles as its batch does.
 */
export class Batcher {
  readonly #handle: (batch: readonly BusMessage[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #working = false;

  constructor(handle: (batch: readonly BusMessage[]) => Promise<void>) {
    this.#handle = handle;
  }

  /**
   * Resolves when the batch of this message was handled, rejects with what it failed for.
   *
   * @throws {HttpError} 503 OVERLOADED where too many wait.
   */
  add(message: BusMessage): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING_MESSAGES) {
      throw unavailable('OVERLOADED', `${MAX_WAITING_MESSAGES} feature rows wait to be written; send again later.`);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH_MESSAGES);
      try {
        await this.#handle(batch.map(({ message }) => message));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#working = false;
  }
}
