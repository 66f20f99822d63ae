import type { Bus, BusMessage } from '@tributary/platform/bus';
import { TributaryError } from '@tributary/platform/errors';
import { attemptOf, deadLetter, deadLetterMessage, parseFeatureRow, UNKNOWN_STREAM } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';
import { newestPerEntity } from './coalesce.ts';
import { type FeastClient, PushRefusedError } from './feast-client.ts';
import { type PushedView, type PushRow, toPushRow } from './feature-view.ts';

export interface PushPorts {
  readonly feast: FeastClient;
  readonly bus: Bus;
  readonly views: ReadonlyMap<string, PushedView>;
  readonly log: Logger;
}

/** A message of the features topic, and what it holds. */
interface Candidate {
  readonly message: BusMessage;
  readonly row: PushRow;
}

/**
 * Puts the newest row of each entity among the messages online.
 *
 * When it resolves, every message is done with: online, outdated, not the entity's latest, or a dead letter. When it rejects, any part may be, and the same messages may be
 * given again: a row that is online already is skipped by the store, because its event_timestamp is not newer.
 */
export class FeaturePush {
  readonly #ports: PushPorts;

  constructor(ports: PushPorts) {
    this.#ports = ports;
  }

  /** @throws {TransientError} FEAST_UNAVAILABLE or BUS_UNAVAILABLE. */
  async handle(messages: readonly BusMessage[]): Promise<void> {
    const candidates: Candidate[] = [];
    const dead: BusMessage[] = [];
    for (const message of messages) {
      try {
        const row = parseFeatureRow(message.data);
        // A row of an earlier event time is for training, not for serving.
        if (row.latest) candidates.push({ message, row: toPushRow(row, this.#ports.views) });
      } catch (error) {
        dead.push(this.#deadLetter(message, error));
      }
    }
    const newest = new Set(newestPerEntity(candidates.map(({ row }) => row)));
    dead.push(...(await this.#push(candidates.filter(({ row }) => newest.has(row)))));
    if (dead.length > 0) await this.#ports.bus.publish('dead-letter', dead);
    this.#ports.log.debug({ messages: messages.length, pushed: newest.size, dead: dead.length }, 'batch done');
  }

  /** Pushes; where Feast refuses a request it is halved until the rows at fault are alone, and these are returned as dead letters. */
  async #push(candidates: readonly Candidate[]): Promise<BusMessage[]> {
    if (candidates.length === 0) return [];
    try {
      await this.#ports.feast.push(candidates.map(({ row }) => row));
      return [];
    } catch (error) {
      if (!(error instanceof PushRefusedError)) throw error;
      if (candidates.length === 1) return [this.#deadLetter(candidates[0]!.message, error)];
      const half = Math.ceil(candidates.length / 2);
      return [...(await this.#push(candidates.slice(0, half))), ...(await this.#push(candidates.slice(half)))];
    }
  }

  #deadLetter(message: BusMessage, error: unknown): BusMessage {
    if (!(error instanceof TributaryError)) throw error;
    this.#ports.log.error({ err: error, id: message.attributes.id }, 'feature row cannot go online');
    const letter = deadLetter({
      eventId: null,
      stream: UNKNOWN_STREAM,
      stage: 'load',
      reason: error.code === 'EVENT_UNREADABLE' ? 'UNREADABLE' : 'CONTRACT_VIOLATION',
      message: error.message,
      attempt: attemptOf(message.attributes),
      source: { topic: 'features', id: message.attributes.id ?? null },
      payload: message.data,
      // A feature row has counts, sums and a customer's number: nothing that a contract classes as personal.
      sealed: false,
    });
    return deadLetterMessage(letter, message.attributes.traceparent);
  }
}
