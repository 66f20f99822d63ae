import type { BusMessage, KafkaBus, ReceivedMessage, Topic } from '@tributary/platform/bus';
import { TOPIC_PARTITIONS } from '@tributary/platform/bus';
import { type ChainEvent, chainEventType, chainMessage } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';
import { messagePublished, objectFinalized, type PostedEvent } from './cloud-events.ts';
import { type DeliveryStats, ERRORS_IN_PLACE, FunctionDeliveries } from './function-deliveries.ts';
import { writtenObjectSchema } from './minio-notification.ts';
import type { FunctionRoutes } from './routes.ts';

/**
 * Topics of this stand-in, beside those of the platform: objects that were written; events that a function failed on, with the function's name as key; and what
 * functions refused, for people to look at.
 */
export const OWN_TOPICS = { 'lake-events': 4, 'postponed-events': 4, 'refused-events': 1 } as const;
export const PARTITIONS = { ...TOPIC_PARTITIONS, ...OWN_TOPICS };
export type AnyTopic = Topic | keyof typeof OWN_TOPICS;

export interface TriggerContext {
  readonly bus: KafkaBus<AnyTopic>;
  readonly projectId: string;
  readonly topicPrefix: string;
  readonly stop: AbortSignal;
  readonly log: Logger;
}

export interface TriggerStats extends DeliveryStats {
  /** Messages on the bus that this function has not been told of, or not successfully. */
  readonly backlog: number;
}

/**
 * Tells one function what its routes say. Its place in each topic is a consumer group of its own, committed only when the function took the events, so a function that
 * is slow or down holds up nobody else, and a kill of this process repeats events and loses none.
 */
export class Trigger {
  readonly #routes: FunctionRoutes;
  readonly #context: TriggerContext;
  readonly #deliveries: FunctionDeliveries;
  #ticking: Promise<void> | undefined;

  constructor(routes: FunctionRoutes, context: TriggerContext) {
    this.#routes = routes;
    this.#context = context;
    const log = context.log.child({ function: routes.name });
    const send = (topic: AnyTopic, data: object) => context.bus.publish(topic, [this.#stored(data)]);
    this.#deliveries = new FunctionDeliveries(
      routes.url,
      {
        postpone: (event) => send('postponed-events', event),
        refuse: (event, status, answer) => send('refused-events', { function: routes.name, status, answer, event }),
      },
      context.stop,
      log,
    );
  }

  /** Resolves when the function's groups have joined. */
  async start(): Promise<void> {
    await Promise.all(this.#topics().map((topic) => this.#subscribe(topic)));
  }

  /** Tells the function of a chain event that is not on the bus; not while it is still busy with the former one. */
  tick(event: ChainEvent): void {
    if (!this.#routes.chain.has(event.type) || this.#ticking) return;
    const message = { ...chainMessage(event), messageId: event.event_id, publishTime: new Date(event.time) };
    this.#ticking = this.#deliveries.offer(this.#published(message)).finally(() => {
      this.#ticking = undefined;
    });
  }

  async stats(): Promise<TriggerStats> {
    const backlogs = this.#topics().map((topic) => this.#context.bus.backlog(topic, this.#group(topic)));
    const backlog = (await Promise.all(backlogs)).reduce((sum, each) => sum + each, 0);
    return { ...this.#deliveries.stats, backlog };
  }

  #topics(): AnyTopic[] {
    const { objects, chain } = this.#routes;
    return [
      ...(objects.length > 0 ? (['lake-events'] as const) : []),
      ...(chain.size > 0 ? (['chain'] as const) : []),
      'postponed-events',
    ];
  }

  async #subscribe(topic: AnyTopic): Promise<void> {
    const { bus } = this.#context;
    const maxErrors = topic === 'postponed-events' ? ERRORS_IN_PLACE.postponed : ERRORS_IN_PLACE.first;
    await bus.subscribe(topic, this.#group(topic), async (batch) => {
      const events = batch.flatMap((message) => this.#eventOf(topic, message) ?? []);
      await this.#deliveries.deliver(events, maxErrors);
    });
  }

  /** The event that a message is for this function, if it is. */
  #eventOf(topic: AnyTopic, message: ReceivedMessage): PostedEvent | undefined {
    switch (topic) {
      case 'lake-events': {
        const object = writtenObjectSchema.parse(JSON.parse(message.data.toString('utf8')));
        const { objects } = this.#routes;
        const isRouted = objects.some(
          ({ bucket, prefix }) => object.bucket === bucket && object.name.startsWith(prefix),
        );
        return isRouted ? objectFinalized(object) : undefined;
      }
      case 'postponed-events':
        return message.orderingKey === this.#routes.name ? JSON.parse(message.data.toString('utf8')) : undefined;
      default: {
        const isRouted = [...this.#routes.chain].some((type) => message.attributes.type === chainEventType(type));
        return isRouted ? this.#published(message) : undefined;
      }
    }
  }

  #published(message: BusMessage & { readonly messageId: string; readonly publishTime: Date }): PostedEvent {
    const { projectId, topicPrefix } = this.#context;
    return messagePublished(message, {
      projectId,
      topic: `${topicPrefix}chain`,
      subscription: `eventarc-${this.#routes.name}`,
    });
  }

  #stored(data: object): BusMessage {
    return { orderingKey: this.#routes.name, attributes: {}, data: Buffer.from(JSON.stringify(data)) };
  }

  /** Group names are not prefixed by the bus, and one Kafka may serve several instances. */
  #group(topic: AnyTopic): string {
    return `${this.#context.topicPrefix}eventarc.${this.#routes.name}.${topic}`;
  }
}
