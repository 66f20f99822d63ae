import type { KafkaBus } from '@tributary/platform/bus';
import type { WrittenObject } from './minio-notification.ts';
import type { AnyTopic } from './trigger.ts';

/** Notifications remembered, so that the second telling of each is dropped. It comes within seconds; what is forgotten is delivered twice. */
const REMEMBERED = 50_000;

/**
 * Puts objects on the bus, each once as far as memory goes: MinIO tells everything twice, promptly and durably, and the two may overtake each other.
 */
export class Arrivals {
  readonly #bus: KafkaBus<AnyTopic>;
  readonly #stored = new Map<string, Promise<void>>();

  constructor(bus: KafkaBus<AnyTopic>) {
    this.#bus = bus;
  }

  /** Resolves when all are stored; only then may the notification be acknowledged. */
  async store(objects: readonly WrittenObject[]): Promise<void> {
    await Promise.all(objects.map((object) => this.#storeOnce(object)));
  }

  #storeOnce(object: WrittenObject): Promise<void> {
    const id = `${object.bucket}/${object.name}#${object.generation}`;
    const before = this.#stored.get(id);
    // The second telling waits for the first one's outcome: to acknowledge it earlier could lose both.
    if (before) return before;
    const storing = this.#bus
      .publish('lake-events', [
        { orderingKey: `${object.bucket}/${object.name}`, attributes: {}, data: Buffer.from(JSON.stringify(object)) },
      ])
      .catch((error: unknown) => {
        this.#stored.delete(id);
        throw error;
      });
    this.#stored.set(id, storing);
    if (this.#stored.size > REMEMBERED) this.#stored.delete(this.#stored.keys().next().value!);
    return storing;
  }
}
